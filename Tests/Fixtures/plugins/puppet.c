/* A plugin that does what its configuration says: filter, scorer, balancer, observer, prepare, metrics.
 *
 *   {"filter": "keep" | "none" | "all" | "fail" | "even-ids" | "never" | "mute-never" | "later" | "verdict",
 *    "score":  "id" | "nan" | "fail",
 *    "pick":   "first" | "best" | "nothing" | "range" | "refused" | "same" | "fail" | "crash",
 *    "metrics": "some" | "fail-later" | "bad-names"}
 */
#include <stdio.h>
#include <stdlib.h>
#include <switchyard/config.h>

typedef struct puppet {
  const sy_host *host;
  char filter[32], score[32], pick[32], metrics[32];
  uint32_t picks, jobs, prepared, dispatched, ends, joined, left, gaps, random, rows;
  uint32_t number, tag, text;
  uint64_t collected;
} puppet;

static int is(const char *text, const char *word) { return strcmp(text, word) == 0; }

static void copy(sy_config *c, const char *path, char out[32]) {
  sy_str text = sy_config_text(c, path, "", 31, "a word of at most 31 bytes");
  if (c->status != SY_OK) return;
  if (text.len > 0) memcpy(out, text.ptr, text.len);
  out[text.len] = 0;
}

static void add(puppet *me, uint32_t counter, uint64_t n) { me->host->count(me->host->ctx, counter, n); }

/* ---- filter ---- */

static sy_status filter(void *self, sy_call *call, uint8_t *keep, size_t stride) {
  puppet *me = self;
  if (is(me->filter, "fail")) return sy_fail(call->error, SY_E_INTERNAL, "the puppet's filter has no mind to");
  for (size_t j = 0; j < call->job_count; j++) {
    uint8_t *line = keep + j * stride;
    for (uint32_t r = 0; r < call->nodes->count; r++) {
      if (is(me->filter, "none")) line[r] = 0;
      if (is(me->filter, "all")) line[r] = 1;
      if (is(me->filter, "even-ids") && call->nodes->id[r] % 2) line[r] = 0;
    }
    if (is(me->filter, "never")) {
      call->verdict[j] = SY_NEVER;
      sy_fail(call->error, SY_OK, "no such place on earth");
    }
    if (is(me->filter, "mute-never")) call->verdict[j] = SY_NEVER;
    if (is(me->filter, "verdict")) call->verdict[j] = 77;
    if (is(me->filter, "later")) {
      call->verdict[j] = SY_DEFER;
      call->retry_ns[j] = call->now_ns + 250 * 1000000LL;
    }
  }
  return SY_OK;
}

static void explain(void *self, sy_call *call, uint32_t row, sy_error *why) {
  puppet *me = self;
  char text[128];
  sy_str name = me->host->text_of(me->host->ctx, call->nodes->name[row]);
  snprintf(text, sizeof text, "%.*s is not to its taste", (int)name.len, name.ptr ? name.ptr : "");
  sy_fail(why, SY_OK, text);
}

static const sy_filter filters = {sizeof filters, 0, filter, explain};

/* ---- scorer ---- */

static sy_status score(void *self, sy_call *call, const sy_rows *rows, float *out, size_t stride) {
  puppet *me = self;
  (void)rows;
  if (is(me->score, "fail")) return SY_E_INTERNAL;
  for (size_t j = 0; j < call->job_count; j++)
    for (uint32_t r = 0; r < call->nodes->count; r++)
      out[j * stride + r] = is(me->score, "nan") ? 0.0f / 0.0f : (float)(call->nodes->id[r] >> 40) / 16777216.0f;
  return SY_OK;
}

static const sy_scorer scorers = {sizeof scorers, 0, score};

/* ---- balancer ---- */

static sy_status pick(void *self, sy_call *call, const sy_rows *rows, uint32_t *row) {
  puppet *me = self;
  add(me, me->picks, 1);
  add(me, me->jobs, call->job_count);
  add(me, me->random, call->random & 0xFFFF);
  volatile int *volatile nowhere = NULL;
  if (is(me->pick, "crash")) *nowhere = 1;
  if (is(me->pick, "fail")) return sy_fail(call->error, SY_E_INTERNAL, "the puppet will not pick");
  if (is(me->pick, "nothing")) return SY_OK;
  for (size_t j = 0; j < call->job_count; j++) {
    if (is(me->pick, "range")) row[j] = call->nodes->count + 7;
    else if (is(me->pick, "same")) row[j] = sy_row(rows, 0);
    else if (is(me->pick, "refused")) {
      for (uint32_t r = 0; r < call->nodes->count; r++)
        if (!rows->keep[r]) row[j] = r;
    } else {
      uint32_t best = SY_NIL;
      for (uint32_t i = 0; i < rows->count; i++) {
        uint32_t r = sy_row(rows, i);
        if (rows->left[r] < call->jobs[j]->slots) continue;
        if (best == SY_NIL ||
            (rows->score && is(me->pick, "best") && rows->score[j * rows->stride + r] > rows->score[j * rows->stride + best]))
          best = r;
      }
      if (best != SY_NIL) rows->left[best] -= call->jobs[j]->slots;
      row[j] = best;
    }
  }
  return SY_OK;
}

static const sy_balancer balancers = {sizeof balancers, 0, pick};

/* ---- prepare, observer ---- */

static sy_status prepare(void *self, sy_call *call) {
  puppet *me = self;
  add(me, me->prepared, 1);
  add(me, me->rows, call->nodes->count);
  return SY_OK;
}

static const sy_prepare prepares = {sizeof prepares, 0, 0, prepare};

static void events(void *self, sy_call *call, const sy_event *event, size_t count) {
  puppet *me = self;
  (void)call;
  for (size_t i = 0; i < count; i++) {
    if (event[i].kind == SY_EV_DISPATCHED) add(me, me->dispatched, 1);
    if (event[i].flags & SY_EVF_ENDS) add(me, me->ends, 1);
    if (event[i].kind == SY_EV_JOINED) add(me, me->joined, 1);
    if (event[i].kind == SY_EV_LEFT) add(me, me->left, 1);
    if (event[i].kind == SY_EV_GAP) add(me, me->gaps, 1);
  }
}

static const sy_observer observers = {sizeof observers, sizeof(sy_event), ~0ull, events};

/* ---- metrics ---- */

static sy_status collect(void *self, int64_t now_ns, const sy_sink *sink, sy_error *error) {
  puppet *me = self;
  (void)now_ns;
  me->collected++;
  if (is(me->metrics, "fail-later") && me->collected > 1) return sy_fail(error, SY_E_INTERNAL, "the sensor is gone");
  sink->number(sink->ctx, "cpu", 0.25);
  sink->number(sink->ctx, "answer", 42);
  sink->number(sink->ctx, "rounds", (double)me->collected);
  sink->text(sink->ctx, "site", sy_text("west"));
  sink->tag(sink->ctx, "puppet");
  if (is(me->metrics, "bad-names")) {
    sink->number(sink->ctx, "Not A Name", 1);
    sink->number(sink->ctx, NULL, 1);
    sink->number(sink->ctx, "infinite", 1.0 / 0.0);
  }
  return SY_OK;
}

static const sy_metrics metrics = {sizeof metrics, 0, 100000000, collect};

/* ---- lifecycle ---- */

static sy_status create(const sy_create *create, void **self, sy_error *error) {
  sy_config c = sy_config_open(create, error);
  if (c.status != SY_OK) return c.status;
  sy_config_only(&c, "", "filter,score,pick,metrics");
  puppet *me = calloc(1, sizeof *me);
  if (!me) return sy_fail(error, SY_E_INTERNAL, "out of memory");
  me->host = create->host;
  copy(&c, "/filter", me->filter);
  copy(&c, "/score", me->score);
  copy(&c, "/pick", me->pick);
  copy(&c, "/metrics", me->metrics);
  if (c.status != SY_OK) {
    free(me);
    return c.status;
  }
  const sy_host *h = me->host;
  me->picks = h->counter(h->ctx, "picks");
  me->jobs = h->counter(h->ctx, "jobs");
  me->random = h->counter(h->ctx, "random");
  me->prepared = h->counter(h->ctx, "prepared");
  me->rows = h->counter(h->ctx, "rows");
  me->dispatched = h->counter(h->ctx, "dispatched");
  me->ends = h->counter(h->ctx, "ends");
  me->joined = h->counter(h->ctx, "joined");
  me->left = h->counter(h->ctx, "left");
  me->gaps = h->counter(h->ctx, "gaps");
  me->number = h->column(h->ctx, SY_NUMBER, "answer");
  me->tag = h->column(h->ctx, SY_BOOL, "puppet");
  me->text = h->column(h->ctx, SY_TEXT, "os");
  *self = me;
  return SY_OK;
}

static void destroy(void *self) { free(self); }

static const void *extension(const char *id) {
  if (is(id, SY_EXT_FILTER)) return &filters;
  if (is(id, SY_EXT_SCORER)) return &scorers;
  if (is(id, SY_EXT_BALANCER)) return &balancers;
  if (is(id, SY_EXT_PREPARE)) return &prepares;
  if (is(id, SY_EXT_OBSERVER)) return &observers;
  if (is(id, SY_EXT_METRICS)) return &metrics;
  return NULL;
}

static const sy_plugin me = {
    .size = sizeof me, .abi_minor = SY_ABI_MINOR,
#ifdef PUPPET_ID
    .id = PUPPET_ID,
#else
    .id = "test.puppet",
#endif
    .name = "Puppet",
#ifdef PUPPET_VERSION
    .version = PUPPET_VERSION,
#else
    .version = "1.0.0",
#endif
    .vendor = "Test", .license = "Apache-2.0", .config_schema = "{}", .create = create, .destroy = destroy,
    .get_extension = extension};

const sy_plugin *switchyard_plugin_v1(const sy_host *host) { (void)host; return &me; }
