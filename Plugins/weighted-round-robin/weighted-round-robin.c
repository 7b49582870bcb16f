/* switchyard.weighted-round-robin: a balancer that spreads jobs by weight, evenly in time. smooth.h is the
 * algorithm; here is what makes it a plugin: configuration, weights of nodes, and a standing that is kept by node
 * over changes of the view (by seat) and over a hand-over to another instance (by id). */
#include <switchyard/config.h>

#include "smooth.h"

#define MAX_WEIGHTS 4096u  /* in the configuration */
#define MAX_WEIGHT 1e6     /* above: cut to it, so that sums stay exact in a double */
#define MIN_WEIGHT 1e-6    /* a weight above 0 stays above 0 */
#define MAX_STANDING 1e13  /* more than a million nodes of MAX_WEIGHT */

enum by { BY_WEIGHT, BY_SLOTS, BY_BOTH };

typedef struct named_weight {
  uint32_t name; /* interned */
  double weight;
} named_weight;

typedef struct standing { /* also the record of the saved state */
  uint64_t id;
  double current;
} standing;

typedef struct wrr {
  const sy_host *host;
  enum by by;
  int spread;
  named_weight *named; /* by name, ascending */
  uint32_t named_count;

  uint32_t seats;      /* all arrays are this long */
  uint64_t *seat_id;   /* whose standing is kept at a seat */
  double *seat_current;
  uint8_t *seat_known; /* 0: nobody's yet */

  uint32_t rows;       /* of the view that smooth stands on */
  uint32_t *row_seat;
  uint64_t generation;
  int built;
  smooth smooth;

  standing *loaded;    /* handed over, by id, ascending: for nodes that come later */
  size_t loaded_count;
} wrr;

/* ---- weights ---- */

static int by_name(const void *a, const void *b) {
  uint32_t x = ((const named_weight *)a)->name, y = ((const named_weight *)b)->name;
  return (x > y) - (x < y);
}

static int by_id(const void *a, const void *b) {
  uint64_t x = ((const standing *)a)->id, y = ((const standing *)b)->id;
  return (x > y) - (x < y);
}

static double weight_of(const wrr *me, const sy_nodes *nodes, uint32_t row) {
  named_weight want = {nodes->name ? nodes->name[row] : 0, 0};
  const named_weight *own =
      want.name && me->named_count
          ? (const named_weight *)bsearch(&want, me->named, me->named_count, sizeof want, by_name)
          : NULL;
  double w = own ? own->weight : nodes->weight && me->by != BY_SLOTS ? (double)nodes->weight[row] : 1;
  if (!(w > 0)) return 0; /* also what is no number */
  if (me->by != BY_WEIGHT && nodes->slots) w *= nodes->slots[row];
  if (!(w > 0)) return 0; /* no slots */
  return w < MIN_WEIGHT ? MIN_WEIGHT : w > MAX_WEIGHT ? MAX_WEIGHT : w;
}

/* ---- the view ---- */

/* Put the standings of the rows back to their seats. */
static void keep_standings(wrr *me) {
  smooth_rest(&me->smooth);
  for (uint32_t r = 0; r < me->rows; r++) me->seat_current[me->row_seat[r]] = me->smooth.current[r];
}

/* Where does a node begin that this instance has not seen? Where its predecessor left it, else at 0; spread: at
 * random below its weight, so that lanes and servers do not all begin with the same node. */
static double beginning(wrr *me, sy_call *call, uint64_t id, double weight) {
  standing want = {id, 0};
  standing *old = me->loaded_count
                      ? (standing *)bsearch(&want, me->loaded, me->loaded_count, sizeof want, by_id)
                      : NULL;
  if (old) return old->current;
  return me->spread ? weight * ((double)(sy_random(call) >> 11) * 0x1p-53) : 0;
}

/* What left or shrank must not weigh on those who stay: centre the standings on 0, where newcomers begin, and
 * let none be further from it than one full turn. */
static void centre(wrr *me) {
  double sum = 0, total = 0, n = 0;
  for (uint32_t r = 0; r < me->rows; r++)
    if (me->smooth.weight[r] > 0) {
      sum += me->smooth.current[r];
      total += me->smooth.weight[r];
      n += 1;
    }
  for (uint32_t r = 0; r < me->rows; r++)
    if (me->smooth.weight[r] > 0) {
      double at = me->smooth.current[r] - sum / n;
      me->smooth.current[r] = at > total ? total : at < -total ? -total : at;
    }
}

/* The host's promise about seats: writing beyond an array is not how to find out. */
static sy_status check(const wrr *me, sy_call *call) {
  const sy_nodes *nodes = call->nodes;
  if (nodes->count > me->seats) return sy_fail(call->error, SY_E_ARG, "more rows than seat_limit");
  for (uint32_t r = 0; r < nodes->count; r++)
    if (nodes->seat[r] >= me->seats) return sy_fail(call->error, SY_E_ARG, "a seat beyond seat_limit");
  return SY_OK;
}

/* Take over the view of the call: standings back to seats, then out to the rows as they lie now. */
static sy_status build(wrr *me, sy_call *call) {
  const sy_nodes *nodes = call->nodes;
  int changed = !me->built;
  sy_status status = check(me, call);
  if (status != SY_OK) return status;
  if (me->built) keep_standings(me);
  changed |= nodes->count != me->rows;
  for (uint32_t r = 0; r < nodes->count; r++) {
    uint32_t s = nodes->seat[r];
    double w = weight_of(me, nodes, r);
    if (!me->seat_known[s] || me->seat_id[s] != nodes->id[r]) {
      me->seat_current[s] = beginning(me, call, nodes->id[r], w);
      me->seat_id[s] = nodes->id[r];
      me->seat_known[s] = 1;
      changed = 1;
    }
    changed |= me->smooth.weight[r] != w;
    me->smooth.weight[r] = w;
    me->smooth.current[r] = me->seat_current[s];
    me->row_seat[r] = s;
  }
  me->rows = nodes->count;
  me->generation = nodes->generation;
  me->built = 1;
  if (changed) centre(me);
  smooth_rows(&me->smooth, me->rows);
  return SY_OK;
}

static sy_status prepare(void *self, sy_call *call) {
  wrr *me = (wrr *)self;
  return build(me, call);
}

/* ---- picking ---- */

static sy_status pick(void *self, sy_call *call, const sy_rows *rows, uint32_t *row) {
  wrr *me = (wrr *)self;
  const sy_nodes *nodes = call->nodes;
  /* prepare() comes first on each generation; this is for hosts that forget. It needs no memory either. */
  if (!me->built || me->generation != nodes->generation || me->rows != nodes->count) {
    sy_status status = build(me, call);
    if (status != SY_OK) return status;
  }
  for (size_t j = 0; j < call->job_count; j++) {
    uint32_t slots = call->jobs[j]->slots, r;
    if (j == 0 || slots != call->jobs[j - 1]->slots) smooth_admit(&me->smooth, rows->keep, rows->left, slots);
    r = smooth_pick(&me->smooth);
    if (r == SMOOTH_NOBODY) continue;
    row[j] = r;
    rows->left[r] -= slots;
    if (rows->left[r] < slots) smooth_retire(&me->smooth, r);
  }
  return SY_OK;
}

/* ---- hand-over: version 1 is a uint64_t count, then so many standings ---- */

static sy_status save(void *self, sy_call *call, void *io, sy_status (*write)(void *, const void *, size_t)) {
  wrr *me = (wrr *)self;
  standing piece[256];
  uint64_t count = 0;
  size_t n = 0;
  sy_status status;
  (void)call;
  if (me->built) {
    keep_standings(me); /* changes how they are noted, not where they stand */
    smooth_rows(&me->smooth, me->rows);
  }
  for (uint32_t s = 0; s < me->seats; s++) count += me->seat_known[s];
  status = write(io, &count, sizeof count);
  for (uint32_t s = 0; s < me->seats && status == SY_OK; s++) {
    if (me->seat_known[s]) {
      piece[n].id = me->seat_id[s];
      piece[n++].current = me->seat_current[s];
    }
    if (n == sizeof piece / sizeof *piece || (n && s + 1 == me->seats)) {
      status = write(io, piece, n * sizeof *piece);
      n = 0;
    }
  }
  return status;
}

static sy_status load(void *self, sy_call *call, uint32_t version, const void *data, size_t size) {
  wrr *me = (wrr *)self;
  const standing *record;
  standing *copy;
  uint64_t count;
  if (version != 1) return sy_fail(call->error, SY_E_STATE, "state: only version 1 is accepted");
  if (call->nodes && check(me, call) != SY_OK) return SY_E_ARG;
  if (!data || size < sizeof count) return sy_fail(call->error, SY_E_STATE, "state: too short");
  memcpy(&count, data, sizeof count);
  if (count != (size - sizeof count) / sizeof *record || (size - sizeof count) % sizeof *record != 0)
    return sy_fail(call->error, SY_E_STATE, "state: its length does not fit its count");
  copy = (standing *)malloc(count ? count * sizeof *copy : 1);
  if (!copy) return sy_fail(call->error, SY_E_INTERNAL, "out of memory");
  if (count) memcpy(copy, (const char *)data + sizeof count, count * sizeof *copy);
  for (size_t i = 0; i < count; i++)
    if (!(fabs(copy[i].current) <= MAX_STANDING)) {
      free(copy);
      return sy_fail(call->error, SY_E_STATE, "state: a standing out of range");
    }
  qsort(copy, count, sizeof *copy, by_id);
  free(me->loaded);
  me->loaded = copy;
  me->loaded_count = count;
  if (me->seats) memset(me->seat_known, 0, me->seats);
  me->built = 0; /* all begin anew, with what was handed over */
  me->rows = 0;
  return call->nodes ? build(me, call) : SY_OK;
}

/* ---- lifecycle ---- */

static void destroy(void *self) {
  wrr *me = (wrr *)self;
  if (!me) return;
  smooth_destroy(&me->smooth);
  free(me->seat_id);
  free(me->seat_current);
  free(me->seat_known);
  free(me->row_seat);
  free(me->named);
  free(me->loaded);
  free(me);
}

static void configure(wrr *me, sy_config *c, int several_lanes) {
  static const char by_accepted[] = "\"weight\", \"slots\" or \"weight*slots\"";
  sy_str by;
  sy_config_only(c, "", "by,spread,weights");
  by = sy_config_text(c, "/by", "weight", 16, by_accepted);
  if (sy_same(by, sy_text("weight"))) me->by = BY_WEIGHT;
  else if (sy_same(by, sy_text("slots"))) me->by = BY_SLOTS;
  else if (sy_same(by, sy_text("weight*slots"))) me->by = BY_BOTH;
  else sy_config_refuse(c, "/by", by_accepted);
  me->spread = sy_config_bool(c, "/spread", several_lanes);
  me->named_count = sy_config_count(c, "/weights", SY_OBJECT, MAX_WEIGHTS,
                                    "an object of at most 4096 weights by worker name");
  if (me->named_count == 0) return;
  me->named = (named_weight *)calloc(me->named_count, sizeof *me->named);
  if (!me->named) {
    c->status = sy_fail(c->error, SY_E_INTERNAL, "out of memory");
    return;
  }
  for (uint32_t i = 0; i < me->named_count && c->status == SY_OK; i++) {
    char path[SY_CONFIG_PATH];
    sy_str name;
    if (!sy_config_member(c, "/weights", i, path, &name)) break;
    me->named[i].name = me->host->intern(me->host->ctx, name);
    me->named[i].weight = sy_config_number(c, path, 1, 0, MAX_WEIGHT, "a number from 0 to 1000000");
    if (me->named[i].name == 0) sy_config_refuse(c, path, "a worker's name that the host has room for");
  }
  qsort(me->named, me->named_count, sizeof *me->named, by_name);
}

static sy_status create(const sy_create *create, void **self, sy_error *error) {
  sy_config c = sy_config_open(create, error);
  wrr *me;
  if (c.status != SY_OK) return c.status;
  me = (wrr *)calloc(1, sizeof *me);
  if (!me) return sy_fail(error, SY_E_INTERNAL, "out of memory");
  me->host = create->host;
  me->seats = create->seat_limit;
  configure(me, &c, create->lanes > 1);
  if (c.status == SY_OK) {
    size_t n = me->seats ? me->seats : 1;
    me->seat_id = (uint64_t *)calloc(n, sizeof *me->seat_id);
    me->seat_current = (double *)calloc(n, sizeof *me->seat_current);
    me->seat_known = (uint8_t *)calloc(n, 1);
    me->row_seat = (uint32_t *)calloc(n, sizeof *me->row_seat);
    if (!smooth_create(&me->smooth, me->seats) || !me->seat_id || !me->seat_current || !me->seat_known ||
        !me->row_seat)
      c.status = sy_fail(error, SY_E_INTERNAL, "out of memory");
  }
  if (c.status != SY_OK) {
    destroy(me);
    return c.status;
  }
  *self = me;
  return SY_OK;
}

/* ---- what this file offers ---- */

static const sy_balancer balancer = {sizeof balancer, 0, pick};
static const sy_prepare preparer = {sizeof preparer, 0, 0, prepare};
static const sy_state state = {sizeof state, 1, 1, 0, save, load};

static const void *get_extension(const char *id) {
  if (strcmp(id, SY_EXT_BALANCER) == 0) return &balancer;
  if (strcmp(id, SY_EXT_PREPARE) == 0) return &preparer;
  if (strcmp(id, SY_EXT_STATE) == 0) return &state;
  return NULL;
}

static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"additionalProperties\":false,"
    "\"properties\":{"
    "\"by\":{\"enum\":[\"weight\",\"slots\",\"weight*slots\"],\"default\":\"weight\","
    "\"description\":\"What a worker's share is by.\"},"
    "\"spread\":{\"type\":\"boolean\",\"description\":\"Begin at a random worker. Default: if there are several "
    "lanes.\"},"
    "\"weights\":{\"type\":\"object\",\"maxProperties\":4096,\"additionalProperties\":{\"type\":\"number\","
    "\"minimum\":0,\"maximum\":1000000},\"description\":\"Weights by worker name, instead of the workers' own.\"}}}";

static const sy_plugin plugin = {
    .size = sizeof plugin,
    .abi_minor = SY_ABI_MINOR,
    .flags = SY_F_UNLOADABLE | SY_F_DETERMINISTIC,
    .id = "switchyard.weighted-round-robin",
    .name = "Weighted round robin",
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
