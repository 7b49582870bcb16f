// switchyard.datacenter: a filter that keeps the workers of the active sites and, when none of these can be used, those
// of the first backup that can. Whether a site is up is judged once for all lanes by the host (sy_sites): this filter
// holds no opinion of its own, so lanes and servers never disagree about a failover.
//
// The filter's work per job is one byte comparison a row: what a row's site is worth now is kept in a column of levels,
// built again when the view or a site changes. No exceptions, no RTTI, nothing of the C++ library.

#include <stdlib.h>

#include "configuration.hpp"
#include "levels.hpp"

namespace datacenter {
namespace {

// ---- one job ----

/// The site that the job asks for, or 0; `must`: nowhere else will do (0 is then a name that no site bears).
uint32_t wished(const Filter &me, const sy_job &job, bool &must) noexcept {
  must = false;
  if (me.labels != Labels::none)
    for (size_t i = 0; i < job.label_count; i++)
      if (job.labels[i].key == me.key_site) {
        must = true;
        return job.labels[i].text;
      }
  if (me.job_site == JobSite::ignore) return 0;
  must = me.job_site == JobSite::require && job.site != 0;
  return job.site;
}

bool usable(const Filter &me, uint32_t site) noexcept {
  const Site *s = me.table.find(site);
  return s && SiteTable::usable(*s);
}

void only_site(uint8_t *keep, const uint32_t *site, uint32_t wish, uint32_t n) noexcept {
  for (uint32_t r = 0; r < n; r++) keep[r] = static_cast<uint8_t>(keep[r] & (site[r] == wish));
}

bool any_of_site(const uint8_t *keep, const uint32_t *site, uint32_t wish, uint32_t n) noexcept {
  unsigned found = 0;
  for (uint32_t r = 0; r < n; r++) found |= keep[r] & static_cast<unsigned>(site[r] == wish);
  return found != 0;
}

unsigned at_level(uint8_t row, uint8_t level) noexcept {
  return static_cast<unsigned>(row == level) | static_cast<unsigned>(row == every_level);
}

void only_level(uint8_t *keep, const uint8_t *column, uint8_t level, uint32_t n) noexcept {
  if (level == no_level) level = every_level;
  for (uint32_t r = 0; r < n; r++) keep[r] = static_cast<uint8_t>(keep[r] & at_level(column[r], level));
}

bool any_at_level(const uint8_t *keep, const uint8_t *column, uint8_t level, uint32_t n) noexcept {
  unsigned found = 0;
  for (uint32_t r = 0; r < n; r++) found |= keep[r] & at_level(column[r], level);
  return found != 0;
}

/// Does the row meet the label? Site is none of its affair. A text must be equal, a number at least as large.
bool meets(const Filter &me, const sy_nodes &nodes, const sy_label &label, uint32_t row) noexcept {
  if (label.key == me.key_site || me.labels == Labels::none) return true;
  if (label.key == me.key_rack) return nodes.rack && nodes.rack[row] == label.text;
  if (me.labels != Labels::all) return true;
  if (label.key == me.key_version) return nodes.version && nodes.version[row] == label.text;
  if (label.text_column < nodes.text_count && nodes.text[label.text_column] &&
      nodes.text[label.text_column][row] == label.text)
    return true;
  return label.number_column < nodes.number_count && nodes.number[label.number_column] &&
         nodes.number[label.number_column][row] >= label.number;
}

void filter_job(const Filter &me, const sy_nodes &nodes, const sy_job &job, uint8_t *keep) noexcept {
  const uint32_t n = me.rows;
  if (me.labels != Labels::none)
    for (size_t i = 0; i < job.label_count; i++) {
      if (job.labels[i].key == me.key_site) continue;
      if (me.labels == Labels::location && job.labels[i].key != me.key_rack) continue;
      for (uint32_t r = 0; r < n; r++)
        if (keep[r] && !meets(me, nodes, job.labels[i], r)) keep[r] = 0;
    }
  bool must;
  const uint32_t wish = wished(me, job, must);
  if (wish && nodes.site && usable(me, wish)) {
    if (must || !me.spill || any_of_site(keep, nodes.site, wish, n)) return only_site(keep, nodes.site, wish, n);
  } else if (must) {
    memset(keep, 0, n);
    return;
  }
  uint8_t level = me.now;
  while (me.spill && level != no_level && !any_at_level(keep, me.level, level, n)) level = me.table.next_level(level);
  only_level(keep, me.level, level, n);
}

sy_status filter(void *self, sy_call *call, uint8_t *keep, size_t stride) {
  Filter &me = *static_cast<Filter *>(self);
  sy_status status = update(me, *call);
  if (status != SY_OK) return status;
  for (size_t j = 0; j < call->job_count; j++) filter_job(me, *call->nodes, *call->jobs[j], keep + j * stride);
  return SY_OK;
}

sy_status prepare(void *self, sy_call *call) { return update(*static_cast<Filter *>(self), *call); }

// ---- why not? ----

const char *reason(const Site &s) noexcept {
  if (s.rank == SY_NIL) return " is neither active nor a backup";
  if (s.state == SY_SITE_DRAINED) return " is drained";
  if (s.state == SY_SITE_DOWN) return " is down";
  return " has no live node";
}

void put_name(const Filter &me, uint32_t name, sy_writer &w) noexcept {
  if (name == 0) sy_put(&w, "(unknown)");
  else sy_put_str(&w, me.host->text_of(me.host->ctx, name));
}

void explain(void *self, sy_call *call, uint32_t row, sy_error *why) {
  Filter &me = *static_cast<Filter *>(self);
  sy_writer w = sy_writer_on(why);
  const sy_nodes &nodes = *call->nodes;
  if (call->job_count < 1 || update(me, *call) != SY_OK || row >= nodes.count) return;
  const sy_job &job = *call->jobs[0];
  const uint32_t site = nodes.site ? nodes.site[row] : 0;

  for (size_t i = 0; i < job.label_count; i++)
    if (!meets(me, nodes, job.labels[i], row)) {
      sy_put(&w, "the job asks for ");
      put_name(me, job.labels[i].key, w);
      sy_put(&w, " ");
      put_name(me, job.labels[i].text, w);
      return;
    }
  bool must;
  const uint32_t wish = wished(me, job, must);
  const bool wish_usable = wish && nodes.site && usable(me, wish);
  if (wish && site == wish && wish_usable) return; // kept
  if (must || (wish_usable && !me.spill)) {
    sy_put(&w, "the job asks for site ");
    put_name(me, wish, w);
    const Site *s = me.table.find(wish);
    if (!wish_usable) {
      sy_put(&w, ", which");
      sy_put(&w, s ? reason(*s) : " nobody knows");
    } else {
      sy_put(&w, "; this node is in ");
      put_name(me, site, w);
    }
    return;
  }
  if (me.level[row] == no_level) {
    const Site *s = site ? me.table.find(site) : nullptr;
    sy_put(&w, "site ");
    put_name(me, site, w);
    sy_put(&w, s ? reason(*s) : site ? " is one too many" : ": nodes must say their site (unknown_site)");
    return;
  }
  if (at_level(me.level[row], me.now) && !wish_usable) return; // kept
  sy_put(&w, "site ");
  put_name(me, site, w);
  sy_put(&w, me.level[row] == 0              ? " is active; jobs go to "
              : me.level[row] == every_level ? " goes with all; jobs go to "
                                             : " is a backup; jobs go to ");
  if (wish_usable) put_name(me, wish, w);
  else put_level_names(me, me.now, w);
}

// ---- lifecycle ----

void destroy(void *self) {
  Filter *me = static_cast<Filter *>(self);
  if (!me) return;
  free(me->level);
  free(me);
}

uint32_t interned(const sy_host *host, const char *text) noexcept { return host->intern(host->ctx, sy_text(text)); }

sy_status create(const sy_create *create, void **self, sy_error *error) {
  sy_config c = sy_config_open(create, error);
  if (c.status != SY_OK) return c.status;
  Filter *me = static_cast<Filter *>(calloc(1, sizeof *me));
  if (!me) return sy_fail(error, SY_E_INTERNAL, "out of memory");
  me->host = create->host;
  configure(*me, c);
  if (c.status == SY_OK) {
    me->capacity = create->seat_limit;
    me->level = static_cast<uint8_t *>(calloc((static_cast<size_t>(me->capacity) | 63) + 1, 1));
    if (!me->level) c.status = sy_fail(error, SY_E_INTERNAL, "out of memory");
  }
  if (c.status != SY_OK) {
    destroy(me);
    return c.status;
  }
  me->key_site = interned(me->host, "site");
  me->key_rack = interned(me->host, "rack");
  me->key_version = interned(me->host, "version");
  me->speaks = create->lane == 0;
  me->failovers = me->host->counter(me->host->ctx, "failovers");
  *self = me;
  return SY_OK;
}

// ---- what this file offers ----

const sy_filter filter_extension = {sizeof filter_extension, 0, filter, explain};
const sy_prepare prepare_extension = {sizeof prepare_extension, 0, 0, prepare};

const void *get_extension(const char *id) {
  if (strcmp(id, SY_EXT_FILTER) == 0) return &filter_extension;
  if (strcmp(id, SY_EXT_PREPARE) == 0) return &prepare_extension;
  return nullptr;
}

const char schema[] =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,)"
    R"("$defs":{"sites":{"type":"array","maxItems":64,"uniqueItems":true,)"
    R"("items":{"type":"string","minLength":1,"maxLength":64}}},"properties":{)"
    R"("active":{"$ref":"#/$defs/sites","description":"Sites that take jobs."},)"
    R"("backups":{"$ref":"#/$defs/sites","description":"Sites that take over, the first that can be used."},)"
    R"("job_site":{"enum":["prefer","require","ignore"],"default":"prefer",)"
    R"("description":"What the site that a job wishes means."},)"
    R"("labels":{"enum":["location","all","none"],"default":"location",)"
    R"("description":"Which labels of a job must be met: site and rack, all, none."},)"
    R"("spill":{"type":"boolean","default":false,"description":"Go on to the next site when all that can be used is full."},)"
    R"("unknown_site":{"enum":["refuse","accept"],"default":"refuse",)"
    R"("description":"What becomes of nodes that do not say their site."}}})";

const sy_plugin plugin = {
    sizeof plugin,                              // size
    SY_ABI_MINOR,                               // abi_minor
    SY_F_UNLOADABLE | SY_F_DETERMINISTIC,       // flags
    "switchyard.datacenter",                    // id
    "Datacenter: active site, ordered backups", // name
    "0.1.0",                                    // version
    "Switchyard",                               // vendor
    "Apache-2.0",                               // license
    schema,                                     // config_schema
    create,                                     // create
    nullptr,                                    // activate
    nullptr,                                    // deactivate
    destroy,                                    // destroy
    get_extension,                              // get_extension
    nullptr,                                    // shutdown
    nullptr,                                    // next
};

} // namespace
} // namespace datacenter

const sy_plugin *switchyard_plugin_v1(const sy_host *) { return &datacenter::plugin; }
