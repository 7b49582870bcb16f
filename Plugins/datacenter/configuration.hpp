// What the policy says, read once, in create().
#ifndef CONFIGURATION_HPP
#define CONFIGURATION_HPP
#include <switchyard/config.h>

#include "filter.hpp"

namespace datacenter {
namespace { // one file includes this, and nothing of it is to be exported

/// The sites of a list; ranks all the same (step 0) or growing.
void list_sites(Filter &me, sy_config &c, const char *path, uint32_t rank, uint32_t step) noexcept {
  static const char accepted[] = "a list of at most 64 site names";
  const uint32_t n = sy_config_count(&c, path, SY_LIST, max_listed, accepted);
  for (uint32_t i = 0; i < n && c.status == SY_OK; i++) {
    char at[SY_CONFIG_PATH];
    if (!sy_config_member(&c, path, i, at, nullptr)) return;
    sy_str name = sy_config_text(&c, at, "", 64, "a site's name of 1 to 64 bytes");
    if (name.len == 0) sy_config_refuse(&c, at, "a site's name of 1 to 64 bytes");
    if (c.status != SY_OK) return;
    const uint32_t site = me.host->intern(me.host->ctx, name);
    if (site == 0) sy_config_refuse(&c, at, "a site's name that the host has room for");
    for (uint32_t k = 0; k < me.listed_count; k++)
      if (me.listed[k].site == site) sy_config_refuse(&c, at, "a site that is not listed before");
    Listed one = {site, rank + i * step};
    me.listed[me.listed_count++] = one;
  }
}

/// Which of the words, separated by |, stands at path? The first is the default.
uint32_t choice(sy_config &c, const char *path, const char *words, const char *accepted) noexcept {
  sy_value v = sy_config_value(&c, path, SY_NIL);
  if (c.status != SY_OK || v.type == SY_ABSENT) return 0;
  uint32_t i = 0;
  for (const char *at = words; v.type == SY_TEXT; i++) {
    const size_t n = strcspn(at, "|");
    if (v.text.len == n && memcmp(v.text.ptr, at, n) == 0) return i;
    if (at[n] == 0) break;
    at += n + 1;
  }
  sy_config_refuse(&c, path, accepted);
  return 0;
}

void configure(Filter &me, sy_config &c) noexcept {
  sy_config_only(&c, "", "active,backups,job_site,labels,spill,unknown_site");
  list_sites(me, c, "/active", 0, 0);
  const bool any_active = me.listed_count > 0;
  list_sites(me, c, "/backups", 1, 1);
  if (!any_active && me.listed_count > 0) sy_config_refuse(&c, "/active", "at least one site, if there are backups");
  me.job_site = static_cast<JobSite>(
      choice(c, "/job_site", "prefer|require|ignore", "\"prefer\", \"require\" or \"ignore\""));
  me.labels = static_cast<Labels>(choice(c, "/labels", "location|all|none", "\"location\", \"all\" or \"none\""));
  me.unknown = static_cast<Unknown>(choice(c, "/unknown_site", "refuse|accept", "\"refuse\" or \"accept\""));
  me.spill = sy_config_bool(&c, "/spill", 0) != 0;
}

} // namespace
} // namespace datacenter
#endif
