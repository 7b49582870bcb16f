/* switchyard.least-loaded: a balancer that picks the worker with the least load for its weight.
 *
 * The cost of a worker is what its load would be with this job:
 *
 *     (slots taken + slots of the job + queue * jobs queued there) / (slots * weight)  +  cpu * its CPU load
 *
 * Heartbeats are old when they are read, and picking the least by old numbers sends everything to one worker until
 * the next one (Mitzenmacher: How useful is old information?, IEEE TPDS 2000). So what is sent in between counts:
 * `used` has this lane's picks up to this call, `left` those of this call, and events tell what other lanes of this
 * server dispatched since the view's last tick. */
#include <switchyard/config.h>

#include "least.h"

typedef struct least_loaded {
  double queue, cpu; /* configuration */

  uint32_t seats;
  uint32_t *sent;      /* by seat: slots that other lanes dispatched there .. */
  uint64_t *sent_tick; /* .. during this tick of the view. In a later one `used` has them, so it counts as 0 */
  uint64_t tick;       /* of the last event */
  int any_sent;        /* during it */

  uint32_t rows;
  float *scale; /* by row: 1 / (slots * weight); INFINITY: weight 0 */
  float *plain; /* by row: 1 / slots */
  float *taken; /* by row, during a run: slots taken and queued, cpu aside */
  uint64_t generation;
  int built;
  least least;
} least_loaded;

/* ---- the view ---- */

static sy_status prepare(void *self, sy_call *call) {
  least_loaded *me = (least_loaded *)self;
  const sy_nodes *nodes = call->nodes;
  if (nodes->count > me->seats) return sy_fail(call->error, SY_E_ARG, "more rows than seat_limit");
  for (uint32_t r = 0; r < nodes->count; r++) {
    float slots = nodes->slots && nodes->slots[r] ? (float)nodes->slots[r] : 1;
    float weight = nodes->weight ? nodes->weight[r] : 1;
    me->plain[r] = 1 / slots;
    me->scale[r] = weight > 0 ? 1 / (slots * weight) : INFINITY; /* also what is no number */
  }
  me->rows = nodes->count;
  me->generation = nodes->generation;
  me->built = 1;
  return SY_OK;
}

/* ---- what other lanes do between ticks ---- */

static void events(void *self, sy_call *call, const sy_event *event, size_t count) {
  least_loaded *me = (least_loaded *)self;
  uint64_t tick = call->nodes ? call->nodes->tick : 0;
  if (tick != me->tick) {
    me->tick = tick;
    me->any_sent = 0;
  }
  for (size_t i = 0; i < count; i++) {
    uint32_t s = event[i].seat;
    if (event[i].kind == SY_EV_GAP) {
      me->any_sent = 0;
      if (me->seats) memset(me->sent, 0, me->seats * sizeof *me->sent);
      continue;
    }
    if ((event[i].flags & SY_EVF_OWN) || s >= me->seats) continue; /* own picks are in `used` */
    if (me->sent_tick[s] != tick) {
      me->sent_tick[s] = tick;
      me->sent[s] = 0;
    }
    if (event[i].kind == SY_EV_DISPATCHED) {
      me->sent[s] += event[i].slots;
      me->any_sent = 1;
    } else if (event[i].flags & SY_EVF_ENDS) {
      me->sent[s] -= event[i].slots < me->sent[s] ? event[i].slots : me->sent[s];
    }
  }
}

/* ---- picking ---- */

/* Weight 0 means never, unless all that are left have it. */
static int all_zero(const least_loaded *me, const uint8_t *keep) {
  for (uint32_t r = 0; r < me->rows; r++) /* ends early, but in odd cases */
    if (keep[r] && me->scale[r] < INFINITY) return 0;
  return 1;
}

static float cost_of(const least_loaded *me, const sy_nodes *nodes, uint32_t r, float slots, const float *scale) {
  float cost = (me->taken[r] + slots) * scale[r];
  if (me->cpu > 0 && nodes->cpu && nodes->cpu[r] >= 0) cost += (float)me->cpu * nodes->cpu[r];
  return cost;
}

/* Exact below 2^31, and a vector instruction, which the conversion of an unsigned number is not. */
static inline float small(uint32_t n) { return (float)(int32_t)(n & 0x7FFFFFFFu); }

/* Begin a run of jobs that take the same number of slots. */
static void begin(least_loaded *me, const sy_call *call, const sy_rows *rows, uint32_t slots, const float *scale) {
  const sy_nodes *nodes = call->nodes;
  const uint32_t *used = nodes->used, *avail = nodes->avail, *left = rows->left, *queued = nodes->queued;
  const uint8_t *keep = rows->keep;
  const float queue = (float)me->queue, need = small(slots);
  float *cost = me->least.cost, *taken = me->taken;
  const uint32_t n = me->rows, end = (n + LEAST_BLOCK - 1) / LEAST_BLOCK * LEAST_BLOCK;
  uint32_t r;
  for (r = 0; r < n; r++) taken[r] = small(used[r] + (avail[r] - left[r])); /* this call's picks are avail - left */
  if (queued && queue > 0)
    for (r = 0; r < n; r++) taken[r] += queue * small(queued[r]);
  if (me->any_sent && me->tick == nodes->tick)
    for (r = 0; r < n; r++) {
      uint32_t s = nodes->seat[r];
      if (s < me->seats && me->sent_tick[s] == nodes->tick) taken[r] += small(me->sent[s]);
    }
  for (r = 0; r < n; r++) {
    float with = (taken[r] + need) * scale[r];
    cost[r] = ((keep[r] != 0) & (left[r] >= slots)) ? with : INFINITY;
  }
  if (me->cpu > 0 && nodes->cpu)
    for (r = 0; r < n; r++)
      if (cost[r] < INFINITY) cost[r] = cost_of(me, nodes, r, need, scale);
  for (r = n; r < end; r++) cost[r] = INFINITY;
  me->least.blocks = end / LEAST_BLOCK;
  for (uint32_t b = 0; b < me->least.blocks; b++) least_settle(&me->least, b);
}

static sy_status pick(void *self, sy_call *call, const sy_rows *rows, uint32_t *row) {
  least_loaded *me = (least_loaded *)self;
  const sy_nodes *nodes = call->nodes;
  const float *scale;
  /* prepare() comes first on each generation; this is for hosts that forget. It needs no memory either. */
  if (!me->built || me->generation != nodes->generation || me->rows != nodes->count) {
    sy_status status = prepare(me, call);
    if (status != SY_OK) return status;
  }
  scale = all_zero(me, rows->keep) ? me->plain : me->scale;
  for (size_t j = 0; j < call->job_count;) {
    uint32_t slots = call->jobs[j]->slots;
    begin(me, call, rows, slots, scale);
    for (; j < call->job_count && call->jobs[j]->slots == slots; j++) {
      uint32_t ties, r;
      float min = least_find(&me->least, &ties);
      if (!(min < INFINITY)) continue;
      r = least_row(&me->least, min, sy_below(call, ties));
      if (r >= me->rows) continue;
      row[j] = r;
      rows->left[r] -= slots;
      me->taken[r] += (float)slots;
      me->least.cost[r] = rows->left[r] >= slots ? cost_of(me, nodes, r, (float)slots, scale) : INFINITY;
      least_settle(&me->least, r / LEAST_BLOCK);
    }
  }
  return SY_OK;
}

/* ---- lifecycle ---- */

static void destroy(void *self) {
  least_loaded *me = (least_loaded *)self;
  if (!me) return;
  least_destroy(&me->least);
  free(me->sent);
  free(me->sent_tick);
  free(me->scale);
  free(me->plain);
  free(me->taken);
  free(me);
}

static sy_status create(const sy_create *create, void **self, sy_error *error) {
  sy_config c = sy_config_open(create, error);
  least_loaded *me;
  size_t n = create->seat_limit ? create->seat_limit : 1;
  double queue, cpu;
  sy_config_only(&c, "", "queue,cpu");
  queue = sy_config_number(&c, "/queue", 1, 0, 100, "a number from 0 to 100");
  cpu = sy_config_number(&c, "/cpu", 0, 0, 100, "a number from 0 to 100");
  if (c.status != SY_OK) return c.status;
  me = (least_loaded *)calloc(1, sizeof *me);
  if (!me) return sy_fail(error, SY_E_INTERNAL, "out of memory");
  me->queue = queue;
  me->cpu = cpu;
  me->seats = create->seat_limit;
  me->sent = (uint32_t *)calloc(n, sizeof *me->sent);
  me->sent_tick = (uint64_t *)calloc(n, sizeof *me->sent_tick);
  me->scale = (float *)calloc(n, sizeof *me->scale);
  me->plain = (float *)calloc(n, sizeof *me->plain);
  me->taken = (float *)calloc(n, sizeof *me->taken);
  if (!least_create(&me->least, me->seats) || !me->sent || !me->sent_tick || !me->scale || !me->plain || !me->taken) {
    destroy(me);
    return sy_fail(error, SY_E_INTERNAL, "out of memory");
  }
  *self = me;
  return SY_OK;
}

/* ---- what this file offers ---- */

static const sy_balancer balancer = {sizeof balancer, 0, pick};
static const sy_prepare preparer = {sizeof preparer, 0, 0, prepare};
static const sy_observer observer = {
    sizeof observer, sizeof(sy_event),
    1ull << SY_EV_DISPATCHED | 1ull << SY_EV_REJECTED | 1ull << SY_EV_SUCCEEDED | 1ull << SY_EV_FAILED |
        1ull << SY_EV_TIMED_OUT | 1ull << SY_EV_STOPPED | 1ull << SY_EV_LOST | 1ull << SY_EV_GAP,
    events};

static const void *get_extension(const char *id) {
  if (strcmp(id, SY_EXT_BALANCER) == 0) return &balancer;
  if (strcmp(id, SY_EXT_PREPARE) == 0) return &preparer;
  if (strcmp(id, SY_EXT_OBSERVER) == 0) return &observer;
  return NULL;
}

static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"additionalProperties\":false,"
    "\"properties\":{"
    "\"queue\":{\"type\":\"number\",\"minimum\":0,\"maximum\":100,\"default\":1,"
    "\"description\":\"How many slots a job queued on the worker counts for.\"},"
    "\"cpu\":{\"type\":\"number\",\"minimum\":0,\"maximum\":100,\"default\":0,"
    "\"description\":\"How much the CPU load (0..1) of the last heartbeat adds to the load by slots (0..1).\"}}}";

static const sy_plugin plugin = {
    .size = sizeof plugin,
    .abi_minor = SY_ABI_MINOR,
    .flags = SY_F_UNLOADABLE | SY_F_DETERMINISTIC,
    .id = "switchyard.least-loaded",
    .name = "Least loaded",
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
