// The sites that matter and their standing: which are active, which are backups, which can be used, and so which are
// used now. No columns, no jobs: rows are brought in by add_node().
#ifndef SITE_TABLE_HPP
#define SITE_TABLE_HPP
#include <switchyard/plugin.h>

namespace datacenter {
namespace { // one file includes this, and nothing of it is to be exported

enum : uint32_t { max_sites = 512, buckets = 1024 };

/// Ranks are 0 for active and 1, 2 .. for backups. A level is a rank as it fits a byte column; every_level: goes with
/// whichever is used.
constexpr uint8_t last_level = 253, every_level = 254, no_level = 255;

struct Site {
  uint32_t name;  // interned, not 0
  uint32_t rank;  // SY_NIL: neither active nor a backup
  uint32_t state; // SY_SITE_*
  uint32_t live;  // nodes in the view
};

struct SiteTable {
  Site site[max_sites];
  uint32_t count;
  uint16_t bucket[buckets]; // 1 + index into site; 0: free

  void clear() noexcept { memset(this, 0, sizeof *this); }

  Site *find(uint32_t name) noexcept {
    for (uint32_t b = home(name); bucket[b]; b = (b + 1) % buckets)
      if (site[bucket[b] - 1].name == name) return &site[bucket[b] - 1];
    return nullptr;
  }

  const Site *find(uint32_t name) const noexcept { return const_cast<SiteTable *>(this)->find(name); }

  /// The site of that name, added if it is new; nullptr when the table is full or there is no name.
  Site *add(uint32_t name, uint32_t rank, uint32_t state) noexcept {
    if (name == 0) return nullptr;
    if (Site *known = find(name)) return known;
    if (count == max_sites) return nullptr;
    uint32_t b = home(name);
    while (bucket[b]) b = (b + 1) % buckets; // half of the buckets are free at least
    Site fresh = {name, rank, state, 0};
    site[count] = fresh;
    bucket[b] = static_cast<uint16_t>(++count);
    return &site[count - 1];
  }

  /// A site is used only while it is not down or drained, and has a live node. "Unknown" is no reason to leave it.
  static bool usable(const Site &s) noexcept {
    return s.rank != SY_NIL && s.live > 0 && (s.state == SY_SITE_UP || s.state == SY_SITE_UNKNOWN);
  }

  static uint8_t level(const Site &s) noexcept {
    if (!usable(s)) return no_level;
    return s.rank < last_level ? static_cast<uint8_t>(s.rank) : last_level;
  }

  /// The level after `below` at which a site can be used; no_level: none. From no_level on: the first of all.
  uint8_t next_level(uint8_t below) const noexcept {
    uint8_t best = no_level;
    for (uint32_t i = 0; i < count; i++) {
      uint8_t l = level(site[i]);
      if ((below == no_level || l > below) && l < best) best = l;
    }
    return best;
  }

 private:
  static uint32_t home(uint32_t name) noexcept { return static_cast<uint32_t>(sy_mix(name) % buckets); }
};

} // namespace
} // namespace datacenter
#endif
