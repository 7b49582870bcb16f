/* switchyard.random: a balancer that draws among those with room, all equally likely.
 *
 * Drawing again when a full one came up leaves the others equally likely; walking on from it would not: whoever stands
 * behind a row of full ones would get their share too. When a few draws find nobody, the cluster is nearly full: then
 * those with room are counted, and one of them is drawn. */
#include <switchyard/config.h>

enum { DRAWS = 8 };

/* Weight 0 means never, unless all that are left have it. */
static int weights_count(const float *weight, const uint8_t *keep, uint32_t n) {
  for (uint32_t r = 0; weight && r < n; r++) /* ends early, but in odd cases */
    if (keep[r] && weight[r] > 0) return 1;
  return 0;
}

static inline int may(const sy_rows *rows, const float *weight, uint32_t r, uint32_t slots) {
  return rows->left[r] >= slots && (!weight || weight[r] > 0);
}

/* One of those that may, by counting them all; SY_NIL: there is none. */
static uint32_t draw_counted(sy_call *call, const sy_rows *rows, const float *weight, uint32_t slots) {
  uint32_t n = 0, nth;
  for (uint32_t i = 0; i < rows->count; i++) n += (uint32_t)may(rows, weight, sy_row(rows, i), slots);
  if (n == 0) return SY_NIL;
  nth = sy_below(call, n);
  for (uint32_t i = 0; i < rows->count; i++) {
    uint32_t r = sy_row(rows, i);
    if (may(rows, weight, r, slots) && nth-- == 0) return r;
  }
  return SY_NIL;
}

static uint32_t draw(sy_call *call, const sy_rows *rows, const float *weight, uint32_t slots) {
  for (int i = 0; i < DRAWS; i++) {
    uint32_t r = sy_row(rows, sy_below(call, rows->count));
    if (may(rows, weight, r, slots)) return r;
  }
  return draw_counted(call, rows, weight, slots);
}

static sy_status pick(void *self, sy_call *call, const sy_rows *rows, uint32_t *row) {
  const sy_nodes *nodes = call->nodes;
  const float *weight = weights_count(nodes->weight, rows->keep, nodes->count) ? nodes->weight : NULL;
  uint32_t hopeless = SY_NIL; /* nobody has room for so many slots, and so for more; left only shrinks */
  (void)self;
  for (size_t j = 0; j < call->job_count; j++) {
    uint32_t slots = call->jobs[j]->slots, r;
    if (slots >= hopeless) continue;
    r = draw(call, rows, weight, slots);
    if (r == SY_NIL) {
      hopeless = slots;
      continue;
    }
    rows->left[r] -= slots;
    row[j] = r;
  }
  return SY_OK;
}

/* ---- lifecycle: there is nothing to keep ---- */

static sy_status create(const sy_create *create, void **self, sy_error *error) {
  sy_config c = sy_config_open(create, error);
  sy_config_only(&c, "", "");
  *self = NULL;
  return c.status;
}

static void destroy(void *self) { (void)self; }

/* ---- what this file offers ---- */

static const sy_balancer balancer = {sizeof balancer, 0, pick};

static const void *get_extension(const char *id) { return strcmp(id, SY_EXT_BALANCER) == 0 ? &balancer : NULL; }

static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"additionalProperties\":false}";

static const sy_plugin plugin = {
    .size = sizeof plugin,
    .abi_minor = SY_ABI_MINOR,
    .flags = SY_F_UNLOADABLE | SY_F_DETERMINISTIC,
    .id = "switchyard.random",
    .name = "Random",
    .version = "0.1.0",
    .vendor = "Switchyard",
    .license = "Apache-2.0",
    .config_schema = schema,
    .create = create,
    .destroy = destroy,
    .get_extension = get_extension,
};

const sy_plugin *switchyard_plugin_v1(const sy_host *host) {
  (void)host;
  return &plugin;
}
