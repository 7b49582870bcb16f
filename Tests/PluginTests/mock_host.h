/* The host as a plugin sees it, without one: interning, configuration, counters, logs; and a world of nodes. */
#ifndef MOCK_HOST_H
#define MOCK_HOST_H
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>

#include "json.h"

/* ---- results ---- */

static unsigned passed, failed;
static const char *now_testing = "";

static void check_that(int ok, const char *what, int line) {
  if (ok) { passed++; return; }
  failed++;
  printf("FAILED  harness.c:%d  %s: %s\n", line, now_testing, what);
}
#define CHECK(x) check_that((x) ? 1 : 0, #x, __LINE__)

/* ---- host ---- */

enum { MAX_TEXTS = 20000 };
static char *texts[MAX_TEXTS];
static uint32_t text_total = 1;

typedef struct mock {
  sy_host host;
  json_reader config;
  json *root;
  uint64_t counted[16];
  uint32_t counters;
  char last_log[1024];
  unsigned logs;
  char column[3][8][65]; /* names by kind (number, text, tag) and index */
} mock;

static sy_str str(const char *t) { sy_str s = {t, strlen(t)}; return s; }

static uint32_t intern_text(const char *p, size_t n) {
  for (uint32_t i = 1; i < text_total; i++)
    if (strlen(texts[i]) == n && memcmp(texts[i], p, n) == 0) return i;
  if (text_total == MAX_TEXTS || n == 0) return 0;
  texts[text_total] = strndup(p, n);
  return text_total++;
}
static uint32_t word(const char *t) { return intern_text(t, strlen(t)); }

static void host_log(void *ctx, int32_t level, sy_str t) {
  mock *m = ctx;
  (void)level;
  m->logs++;
  snprintf(m->last_log, sizeof m->last_log, "%.*s", (int)t.len, t.ptr);
}
static void host_count(void *ctx, uint32_t c, uint64_t n) { if (c < 16) ((mock *)ctx)->counted[c] += n; }
static void host_wake(void *ctx) { (void)ctx; }
static sy_str host_text(void *ctx, uint32_t i) { (void)ctx; return i && i < text_total ? str(texts[i]) : (sy_str){0, 0}; }
static uint32_t host_intern(void *ctx, sy_str t) { (void)ctx; return intern_text(t.ptr, t.len); }
static uint32_t host_column(void *ctx, uint32_t type, const char *n) {
  char(*names)[65] = ((mock *)ctx)->column[type == SY_NUMBER ? 0 : type == SY_TEXT ? 1 : 2];
  size_t length = strspn(n, "abcdefghijklmnopqrstuvwxyz0123456789._-");
  if (n[length] || length < 1 || length > 64) return SY_NIL;
  for (uint32_t i = 0; i < 8; i++) {
    if (names[i][0] == 0) memcpy(names[i], n, length + 1);
    if (strcmp(names[i], n) == 0) return i;
  }
  return SY_NIL;
}
static uint32_t host_counter(void *ctx, const char *n) { (void)n; return ((mock *)ctx)->counters++; }
static uint32_t host_config(void *ctx, const char *path, uint32_t i, sy_value *out) {
  mock *m = ctx;
  json *v = m->root ? json_at(m->root, path) : NULL;
  if (v && i != SY_NIL) v = json_member(v, i);
  uint32_t size = out->size;
  memset(out, 0, sizeof *out);
  out->size = size;
  if (!v) return SY_ABSENT;
  out->type = v->type;
  out->count = v->count;
  out->number = v->number;
  if (v->text) out->text = str(v->text);
  if (v->key) out->key = str(v->key);
  return v->type;
}
static const void *host_extension(void *ctx, const char *id) { (void)ctx; (void)id; return NULL; }

/* ---- a plugin and one instance ---- */

typedef struct loaded {
  void *file;
  const sy_plugin *plugin;
} loaded;

typedef struct instance {
  const sy_plugin *plugin;
  mock *mock;
  void *self;
  sy_status status;
  char error[256];
  const sy_filter *filter;
  const sy_balancer *balancer;
  const sy_prepare *prepare;
  const sy_observer *observer;
  const sy_state *state;
  const sy_metrics *metrics;
} instance;

static instance make_in(const sy_plugin *p, const char *config, uint32_t seats, uint32_t lane, uint32_t lanes) {
  instance it = {.plugin = p};
  it.mock = calloc(1, sizeof(mock));
  it.mock->host = (sy_host){sizeof(sy_host), 0, it.mock, host_log, host_count, host_wake, host_text, host_intern,
                            host_column, host_counter, host_config, host_extension};
  it.mock->config.at = config;
  it.mock->root = *config ? json_read(&it.mock->config) : NULL;
  if (it.mock->config.bad) { printf("bad JSON in a test: %s\n", config); exit(2); }
  sy_create c = {sizeof c, SY_ROLE_PLACE, lane, lanes, seats, 0, &it.mock->host, str(config)};
  sy_error e = {it.error, sizeof it.error};
  it.status = p->create(&c, &it.self, &e);
  json_free(&it.mock->config); /* its texts must not be used later */
  it.mock->root = NULL;
  it.filter = p->get_extension(SY_EXT_FILTER);
  it.balancer = p->get_extension(SY_EXT_BALANCER);
  it.prepare = p->get_extension(SY_EXT_PREPARE);
  it.observer = p->get_extension(SY_EXT_OBSERVER);
  it.state = p->get_extension(SY_EXT_STATE);
  it.metrics = p->get_extension(SY_EXT_METRICS);
  return it;
}
static instance make(const sy_plugin *p, const char *config, uint32_t seats) { return make_in(p, config, seats, 0, 1); }
static void unmake(instance *it) {
  if (it->status == SY_OK) it->plugin->destroy(it->self);
  free(it->mock);
}

/* ---- a world of nodes, with rows as the host would lay them out ---- */

typedef struct world {
  sy_nodes nodes;
  uint32_t cap;
  uint64_t *id, *incarnation;
  uint32_t *seat, *name, *site, *rack, *slots, *used, *avail, *queued, *left, *row;
  int64_t *joined;
  float *weight, *cpu;
  uint8_t *keep;
  sy_sites *sites;
  sy_job job[512];
  const sy_job *jobs[512];
  sy_status verdict[512];
  int64_t retry[512];
  uint32_t out[512];
  uint64_t random;
  char error[256];
  sy_error err;
  sy_call call;
} world;

static void *column(uint32_t cap, size_t each) {
  void *p = aligned_alloc(64, cap * each < 64 ? 64 : (cap * each + 63) / 64 * 64);
  memset(p, 0, cap * each);
  return p;
}

/* n workers w0 .. of 1000 slots and weight 1; id i + 1, seat i. */
static world *world_of(uint32_t n) {
  world *w = calloc(1, sizeof *w);
  w->cap = (n + 63) / 64 * 64;
  if (w->cap == 0) w->cap = 64;
#define COLUMN(x) w->x = column(w->cap, sizeof *w->x)
  COLUMN(id); COLUMN(incarnation); COLUMN(seat); COLUMN(name); COLUMN(site); COLUMN(rack); COLUMN(slots); COLUMN(used);
  COLUMN(avail); COLUMN(queued); COLUMN(left); COLUMN(row); COLUMN(joined); COLUMN(weight); COLUMN(cpu); COLUMN(keep);
#undef COLUMN
  for (uint32_t i = 0; i < n; i++) {
    char t[16];
    snprintf(t, sizeof t, "w%u", i);
    w->id[i] = i + 1;
    w->seat[i] = i;
    w->name[i] = n <= 256 ? word(t) : 0;
    w->slots[i] = w->avail[i] = 1000;
    w->weight[i] = 1;
    w->keep[i] = 1;
  }
  w->nodes = (sy_nodes){.size = sizeof(sy_nodes), .count = n, .generation = 1, .tick = 1, .id = w->id,
    .incarnation = w->incarnation, .seat = w->seat, .joined_ns = w->joined, .name = w->name, .site = w->site,
    .rack = w->rack, .slots = w->slots, .used = w->used, .avail = w->avail, .queued = w->queued, .weight = w->weight,
    .cpu = w->cpu};
  for (int j = 0; j < 512; j++) {
    w->job[j] = (sy_job){.size = sizeof(sy_job), .attempt = 1, .instance = (uint64_t)j, .slots = 1, .task_count = 1};
    w->jobs[j] = &w->job[j];
  }
  w->random = 42;
  w->err = (sy_error){w->error, sizeof w->error};
  return w;
}
static void world_free(world *w) {
  void *all[] = {w->id, w->incarnation, w->seat, w->name, w->site, w->rack, w->slots, w->used, w->avail, w->queued,
                 w->left, w->row, w->joined, w->weight, w->cpu, w->keep};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
  free(w);
}

static sy_call *call_of(world *w, size_t jobs) {
  w->error[0] = 0;
  w->random = sy_mix(w->random + 1);
  for (size_t j = 0; j < jobs; j++) { w->verdict[j] = SY_OK; w->out[j] = SY_NIL; }
  w->call = (sy_call){.size = sizeof(sy_call), .budget_ns = 1000000, .random = w->random, .nodes = &w->nodes,
    .sites = w->sites, .jobs = w->jobs, .job_count = jobs, .verdict = w->verdict, .retry_ns = w->retry, .error = &w->err};
  return &w->call;
}
static sy_status prepare(instance *it, world *w) {
  return it->prepare ? it->prepare->prepare(it->self, call_of(w, 0)) : SY_OK;
}

/* Ask for a batch; then, as a host would, count the picks in used and avail. */
static sy_status pick(instance *it, world *w, size_t jobs) {
  sy_rows rows = {sizeof rows, 0, NULL, w->keep, w->left, NULL, w->cap};
  for (uint32_t r = 0; r < w->nodes.count; r++) {
    w->left[r] = w->avail[r];
    if (w->keep[r]) w->row[rows.count++] = r;
  }
  if (rows.count < w->nodes.count) rows.row = w->row;
  sy_status s = it->balancer->pick(it->self, call_of(w, jobs), &rows, w->out);
  for (size_t j = 0; j < jobs; j++) {
    uint32_t r = w->out[j], need = w->job[j].slots;
    if (r == SY_NIL) continue;
    int good = r < w->nodes.count && w->keep[r] && w->avail[r] >= need;
    if (!good) { CHECK(!"a pick that the host must refuse"); continue; }
    w->avail[r] -= need;
    w->used[r] += need;
  }
  return s;
}
static void all_done(world *w) {
  for (uint32_t r = 0; r < w->nodes.count; r++) { w->used[r] = 0; w->avail[r] = w->slots[r]; }
}

static uint64_t seed = 7;
static uint32_t dice(uint32_t n) { return (uint32_t)(sy_mix(seed += 0x9E3779B97F4A7C15u) >> 33) % n; }
#endif
