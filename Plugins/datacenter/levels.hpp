// Which sites are used now: brings the column of levels up to date with the view, and says so when it is another one.
// Nothing here knows of jobs.
#ifndef LEVELS_HPP
#define LEVELS_HPP
#include <switchyard/text.h>

#include "filter.hpp"

namespace datacenter {
namespace { // one file includes this, and nothing of it is to be exported

bool has_order(const sy_sites *sites) noexcept {
  if (!sites || !sites->order) return false;
  for (uint32_t i = 0; i < sites->count; i++)
    if (sites->order[i] != SY_NIL) return true;
  return false;
}

uint32_t state_of(const sy_sites *sites, uint32_t name) noexcept {
  if (sites && sites->state)
    for (uint32_t i = 0; i < sites->count; i++)
      if (sites->site[i] == name) return sites->state[i];
  return SY_SITE_UNKNOWN;
}

/// Ranks and states as they are said to be in this call. The operator's order goes before the configuration: it is what
/// is changed in an emergency. Without any order every site is active.
bool gather(const Filter &me, const sy_sites *sites, SiteTable &table) noexcept {
  table.clear();
  const bool by_operator = has_order(sites);
  if (!by_operator)
    for (uint32_t i = 0; i < me.listed_count; i++)
      table.add(me.listed[i].site, me.listed[i].rank, state_of(sites, me.listed[i].site));
  const bool ordered = by_operator || me.listed_count > 0;
  if (sites)
    for (uint32_t i = 0; i < sites->count; i++) {
      uint32_t rank = by_operator ? sites->order[i] : ordered ? SY_NIL : 0;
      table.add(sites->site[i], rank, state_of(sites, sites->site[i]));
    }
  return ordered;
}

/// Has what gather() says changed? Sites that only the view knows stand behind those in the table.
bool same(const Filter &me) noexcept {
  if (me.gathered != me.fresh.count) return false;
  for (uint32_t i = 0; i < me.gathered; i++) {
    const Site &x = me.table.site[i], &y = me.fresh.site[i];
    if (x.name != y.name || x.rank != y.rank || x.state != y.state) return false;
  }
  return true;
}

/// Count the live nodes, and add the sites that only they know.
void add_nodes(const Filter &me, const sy_nodes &nodes, SiteTable &table) noexcept {
  if (!nodes.site) return;
  for (uint32_t r = 0; r < nodes.count; r++)
    if (Site *s = table.add(nodes.site[r], me.ordered ? SY_NIL : 0, SY_SITE_UNKNOWN)) s->live++;
}

void put_level_names(const Filter &me, uint8_t level, sy_writer &w) noexcept {
  bool first = true;
  for (uint32_t i = 0; i < me.table.count; i++) {
    if (SiteTable::level(me.table.site[i]) != level) continue;
    if (!first) sy_put(&w, ", ");
    sy_put_str(&w, me.host->text_of(me.host->ctx, me.table.site[i].name));
    first = false;
  }
}

void announce(const Filter &me) noexcept {
  char text[512];
  sy_error buffer = {text, sizeof text};
  sy_writer w = sy_writer_on(&buffer);
  if (me.now == no_level) {
    sy_put(&w, "no active site and no backup is up with a live node: jobs wait");
  } else {
    sy_put(&w, "jobs go to ");
    sy_put(&w, me.now == 0 ? "the active sites: " : "a backup: ");
    put_level_names(me, me.now, w);
  }
  sy_str line = {w.text, w.len};
  me.host->write_log(me.host->ctx, me.now == 0 ? 1 : 2, line);
}

/// Bring levels up to date with the call; nothing to do if neither the view's rows nor a site has changed.
sy_status update(Filter &me, sy_call &call) noexcept {
  const sy_nodes &nodes = *call.nodes;
  if (nodes.count > me.capacity) return sy_fail(call.error, SY_E_ARG, "more rows than seat_limit");
  const bool ordered = gather(me, call.sites, me.fresh);
  if (me.built && me.generation == nodes.generation && me.rows == nodes.count && me.ordered == ordered && same(me))
    return SY_OK;

  const bool first = !me.built;
  const uint8_t before = first ? 0 : me.now;
  me.ordered = ordered;
  me.gathered = me.fresh.count;
  memcpy(&me.table, &me.fresh, sizeof me.table);
  add_nodes(me, nodes, me.table);
  const uint8_t unknown = !ordered || me.unknown == Unknown::accept ? every_level : no_level;
  for (uint32_t r = 0; r < nodes.count; r++) {
    const uint32_t name = nodes.site ? nodes.site[r] : 0;
    const Site *s = name ? me.table.find(name) : nullptr;
    me.level[r] = s ? SiteTable::level(*s) : name ? no_level : unknown;
  }
  me.now = me.table.next_level(no_level);
  me.rows = nodes.count;
  me.generation = nodes.generation;
  me.built = true;
  if (me.now != before && ordered && me.speaks) {
    announce(me);
    if (!first && me.now != 0 && me.now != no_level) me.host->count(me.host->ctx, me.failovers, 1);
  }
  return SY_OK;
}

} // namespace
} // namespace datacenter
#endif
