/* Drives the plugins that ship through a mock host, without a server.
 *
 *     harness DIR            run all tests on the .so files in DIR; exit 1 if one fails
 *     harness DIR --bench    decisions a second
 */
#include <time.h>
#include <unistd.h>

#include "mock_host.h"

static const sy_plugin *now_plugin;

static loaded load(const char *dir, const char *name) {
  char path[512];
  loaded it = {0};
  snprintf(path, sizeof path, "%s/%s.so", dir, name);
  if (access(path, R_OK) != 0) return it;
  it.file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!it.file) { printf("FAILED  %s\n", dlerror()); failed++; return it; }
  const sy_plugin *(*entry)(const sy_host *) = 0;
  *(void **)&entry = dlsym(it.file, "switchyard_plugin_v1");
  static mock entry_mock;
  entry_mock.host = (sy_host){.size = sizeof(sy_host), .ctx = &entry_mock, .write_log = host_log};
  it.plugin = entry ? entry(&entry_mock.host) : NULL;
  return it;
}

/* create() refuses this, naming the place and what is accepted. */
static void refuses(const sy_plugin *p, const char *config, const char *where, const char *accepted) {
  instance it = make(p, config, 64);
  size_t n = strlen(where);
  int ok = it.status == SY_E_CONFIG && strncmp(it.error, where, n) == 0 && it.error[n] == ':' && strstr(it.error, accepted);
  if (!ok) printf("    %s -> %d \"%s\"\n", config, (int)it.status, it.error);
  check_that(ok, "a bad configuration is refused with pointer and what is accepted", __LINE__);
  unmake(&it);
}

/* One export (names of the linker aside). */
static int exports_one(const char *dir, const char *name) {
  char command[600], line[256];
  int entries = 0, others = 0;
  snprintf(command, sizeof command, "nm -D --defined-only '%s/%s.so'", dir, name);
  FILE *f = popen(command, "r");
  while (f && fgets(line, sizeof line, f)) {
    const char *symbol = strrchr(line, ' ');
    if (!symbol) continue;
    if (strcmp(symbol, " switchyard_plugin_v1\n") == 0) entries++;
    else if (strncmp(symbol, " __bss_start", 12) && strncmp(symbol, " _e", 3) && !strstr(symbol, "asan") && !strstr(symbol, "odr"))
      others++;
  }
  if (f) pclose(f);
  return entries == 1 && others == 0;
}

static void any_plugin(const sy_plugin *p, const char *dir, const char *name, const char *id, int kinds) {
  CHECK(exports_one(dir, name));
  CHECK(p->size == sizeof(sy_plugin) && p->abi_minor == SY_ABI_MINOR);
  CHECK(strcmp(p->id, id) == 0);
  CHECK(p->name && p->version && p->vendor && p->license && p->create && p->destroy && p->get_extension);
  CHECK(p->get_extension("switchyard.unknown/1") == NULL && p->get_extension("") == NULL);
  CHECK(!p->next);
  if (!kinds) return;
  CHECK(strcmp(p->version, "0.1.0") == 0 && strcmp(p->license, "Apache-2.0") == 0);
  json_reader *schema = calloc(1, sizeof *schema);
  schema->at = p->config_schema;
  json *root = json_read(schema);
  CHECK(root && !schema->bad && *schema->at == 0 && root->type == SY_OBJECT);
  json *strict = root ? json_at(root, "/additionalProperties") : NULL;
  CHECK(strict && strict->type == SY_BOOL && strict->number == 0);
  /* each member of the schema is known, and only those */
  json *members = root ? json_at(root, "/properties") : NULL;
  for (json *m = members ? members->child : NULL; m; m = m->next) {
    char config[256];
    snprintf(config, sizeof config, "{\"%s\":null}", m->key);
    instance it = make(p, config, 64); /* null is absent */
    check_that(it.status == SY_OK, m->key, __LINE__);
    unmake(&it);
  }
  json_free(schema);
  free(schema);
  refuses(p, "{\"no_such_member\":1}", "/no_such_member", "accepted");
  refuses(p, "[]", "configuration", "object");
  refuses(p, "\"text\"", "configuration", "object");
  for (int i = 0; i < 50; i++) { /* nothing is left behind, see the leak checker */
    instance a = make(p, "{}", 64), b = make(p, "", 64);
    CHECK(a.status == SY_OK && b.status == SY_OK);
    unmake(&a);
    unmake(&b);
  }
  instance none = make(p, "{}", 0); /* no seat at all */
  CHECK(none.status == SY_OK);
  unmake(&none);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#include "wrr_tests.h"
#include "balancer_tests.h"
#include "turn_tests.h"
#include "datacenter_tests.h"
#include "designated_tests.h"
#include "resources_tests.h"
#include "metrics_tests.h"

static void first_tests(const sy_plugin *p) { balancer_is_sound(p, "{}"); }
static void all_wrr(const sy_plugin *p) { balancer_is_sound(p, "{}"); wrr_tests(p); }
static void all_least(const sy_plugin *p) { balancer_is_sound(p, "{\"cpu\":0.5}"); least_loaded_tests(p); }
static void all_random(const sy_plugin *p) { balancer_is_sound(p, "{}"); random_tests(p); }
static void all_round(const sy_plugin *p) { balancer_is_sound(p, "{}"); round_robin_tests(p); }
static void all_first(const sy_plugin *p) { balancer_is_sound(p, "{\"by\":\"weight\"}"); first_available_tests(p); }
static void all_power(const sy_plugin *p) { balancer_is_sound(p, "{\"choices\":3}"); power_of_two_tests(p); }

static const struct { const char *name, *id; int ships; void (*tests)(const sy_plugin *); } suites[] = {
  {"first", "com.example.first", 0, first_tests},
  {"weighted-round-robin", "switchyard.weighted-round-robin", 1, all_wrr},
  {"least-loaded", "switchyard.least-loaded", 1, all_least},
  {"power-of-two", "switchyard.power-of-two", 1, all_power},
  {"random", "switchyard.random", 1, all_random},
  {"round-robin", "switchyard.round-robin", 1, all_round},
  {"first-available", "switchyard.first-available", 1, all_first},
  {"datacenter", "switchyard.datacenter", 1, datacenter_tests},
  {"designated", "switchyard.designated", 1, designated_tests},
  {"resources", "switchyard.resources", 1, resources_tests},
  {"host-metrics", "switchyard.host-metrics", 1, host_metrics_tests},
  {"site", "switchyard.site", 1, site_tests},
};

/* ---- bench ---- */

static void bench_one(const char *dir, const char *balancer, const char *weights, uint32_t batch) {
  loaded b = load(dir, balancer), f = load(dir, "datacenter");
  if (!b.plugin || !f.plugin) return;
  world *w = world_of(10000);
  instance bal = make(b.plugin, "{}", 16384), fil = make(f.plugin, "{\"active\":[\"east\"],\"backups\":[\"west\"]}", 16384);
  uint8_t *keep = column(512 * w->cap, 1);
  for (uint32_t r = 0; r < 10000; r++) {
    w->site[r] = word(r % 10 ? "east" : "west");
    w->slots[r] = w->avail[r] = 4000000;
    w->weight[r] = weights[0] == 'e' ? 1 : weights[0] == 'f' ? (float[]){1, 2, 4, 0.5f}[dice(4)] : 0.01f + (float)dice(100000) / 1000;
  }
  prepare(&bal, w);
  prepare(&fil, w);
  double spent = 0, slowest = 0;
  uint64_t n = 0;
  while (spent < 0.3) { /* only what the plugins do is timed */
    for (uint32_t j = 0; j < batch; j++) memset(keep + j * w->cap, 1, 10000);
    sy_rows rows = {sizeof rows, 10000, NULL, keep, w->left, NULL, w->cap};
    memcpy(w->left, w->avail, 10000 * sizeof *w->left);
    sy_call *call = call_of(w, batch);
    double t0 = seconds();
    fil.filter->filter(fil.self, call, keep, w->cap);
    bal.balancer->pick(bal.self, call, &rows, w->out);
    double took = seconds() - t0;
    for (uint32_t j = 0; j < batch; j++) { w->avail[w->out[j]]--; w->used[w->out[j]]++; }
    if (took > slowest) slowest = took;
    spent += took;
    n += batch;
  }
  printf("%-22s weights %-8s batch %3u: %9.0f decisions/s  %6.2f us each, slowest call %6.0f us\n", balancer, weights,
         batch, (double)n / spent, 1e6 * spent / (double)n, 1e6 * slowest);
  free(keep);
  unmake(&bal);
  unmake(&fil);
  world_free(w);
}

/* What one call of a filter costs for one job, with the label if there is one; and the first on a new generation. */
static void bench_filter(const char *dir, const char *filter, const char *config, const char *key, const char *text) {
  loaded f = load(dir, filter);
  if (!f.plugin) return;
  static float numbers[10048];
  const float *number[8] = {numbers, numbers, numbers, numbers, numbers, numbers, numbers, numbers};
  sy_label label = {word(key), word(text), SY_NIL, 0, NAN};
  world *w = world_of(10000);
  instance it = make(f.plugin, config, 16384);
  uint8_t *keep = column(w->cap, 1);
  char name[16];
  for (uint32_t r = 0; r < 10000; r++) {
    snprintf(name, sizeof name, "w%u", r);
    w->name[r] = word(name);
    numbers[r] = (float)dice(100) / 100;
  }
  w->nodes.number = number;
  w->nodes.number_count = 8;
  w->job[0].labels = &label;
  w->job[0].label_count = *key ? 1 : 0;
  double first = 0, spent = 0;
  uint64_t n = 0;
  while (spent < 0.2) {
    if (n % 1000 == 0) w->nodes.generation++;
    memset(keep, 1, 10000);
    sy_call *call = call_of(w, 1);
    double t0 = seconds();
    it.filter->filter(it.self, call, keep, w->cap);
    double took = seconds() - t0;
    if (n % 1000 == 0) first += took;
    else spent += took;
    n++;
  }
  printf("%-12s %-34s %-20s %7.2f us a job, %8.1f us on a new view\n", filter, config, text, 1e6 * spent / (double)n,
         1e6 * first / ((double)n / 1000 + 1));
  free(keep);
  unmake(&it);
  world_free(w);
}

/* One by one, when 99 of 100 are full; and building what is derived from a new view. */
static void bench_full(const char *dir, const char *balancer) {
  loaded b = load(dir, balancer);
  if (!b.plugin) return;
  world *w = world_of(10000);
  instance it = make(b.plugin, "{}", 16384);
  double spent = 0, built = 0;
  char name[16];
  for (uint32_t r = 0; r < 10000; r++) {
    snprintf(name, sizeof name, "w%u", (r * 7919) % 10000);
    w->name[r] = word(name);
  }
  for (int i = 0; i < 2000; i++) {
    for (uint32_t r = 0; r < 10000; r++) w->avail[r] = r % 100 == 7 ? 1000 : 0;
    if (i % 100 == 0) {
      w->nodes.generation++;
      double t0 = seconds();
      prepare(&it, w);
      built += seconds() - t0;
    }
    sy_rows rows = {sizeof rows, 10000, NULL, w->keep, w->left, NULL, w->cap};
    memcpy(w->left, w->avail, 10000 * sizeof *w->left);
    sy_call *call = call_of(w, 1);
    double t0 = seconds();
    it.balancer->pick(it.self, call, &rows, w->out);
    spent += seconds() - t0;
  }
  printf("%-22s 99 of 100 are full: %6.2f us a job; a new view %8.1f us\n", balancer, 1e6 * spent / 2000, 1e6 * built / 20);
  unmake(&it);
  world_free(w);
}

static void bench(const char *dir) {
  static const char *const names[] = {"weighted-round-robin", "least-loaded", "power-of-two",
                                      "round-robin", "random", "first-available"};
  static const char *const weights[] = {"equal", "few", "random"};
  printf("10,000 nodes, one core; a decision is datacenter's mask and the balancer's pick\n");
  for (size_t b = 0; b < sizeof names / sizeof *names; b++)
    for (int k = 0; k < 3; k++)
      for (uint32_t batch = 1; batch <= 256; batch *= 16) bench_one(dir, names[b], weights[k], batch);
  for (size_t b = 0; b < sizeof names / sizeof *names; b++) bench_full(dir, names[b]);
  bench_filter(dir, "designated", "{\"workers\":\"w1*\"}", "", "");
  bench_filter(dir, "designated", "{}", "designated.worker", "w17");
  bench_filter(dir, "designated", "{}", "designated.worker", "w17,w18,b*");
  bench_filter(dir, "resources", "{\"require\":[\"cpu < 0.8\"]}", "", "");
  bench_filter(dir, "resources", "{}", "mem.free", ">= 0.5 GiB");
}

int main(int argc, char **argv) {
  if (argc < 2) { fprintf(stderr, "usage: harness DIR [--bench]\n"); return 2; }
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc > 2) { bench(argv[1]); return 0; }
  snprintf(temp, sizeof temp, "/tmp/switchyard-plugins-XXXXXX");
  if (!mkdtemp(temp)) { perror(temp); return 2; }
  for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
    loaded it = load(argv[1], suites[i].name);
    if (!it.file) { printf("skipped %s: no such file\n", suites[i].name); continue; }
    now_testing = suites[i].name;
    now_plugin = it.plugin;
    CHECK(it.plugin != NULL);
    if (!it.plugin) continue;
    any_plugin(it.plugin, argv[1], suites[i].name, suites[i].id, suites[i].ships);
    suites[i].tests(it.plugin);
  }
  char command[100];
  snprintf(command, sizeof command, "rm -rf '%s'", temp);
  if (system(command) != 0) failed++;
  for (uint32_t i = 1; i < text_total; i++) free(texts[i]);
  printf("%u passed, %u failed\n", passed, failed);
  return failed ? 1 : 0;
}
