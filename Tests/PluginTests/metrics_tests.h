/* switchyard.host-metrics and switchyard.site */
#include <sys/stat.h>
#include <unistd.h>

typedef struct sunk { char name[100]; double number; char text[100]; } sunk;
static sunk sunk_all[200];
static unsigned sunk_count;

static void sink_number(void *ctx, const char *name, double v) {
  (void)ctx;
  CHECK(isfinite(v) && strlen(name) <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(name));
  if (sunk_count == 200) return;
  sunk *s = &sunk_all[sunk_count++];
  memset(s, 0, sizeof *s);
  snprintf(s->name, sizeof s->name, "%s", name);
  s->number = v;
}
static void sink_text(void *ctx, const char *name, sy_str v) {
  (void)ctx;
  if (sunk_count == 200) return;
  sunk *s = &sunk_all[sunk_count++];
  memset(s, 0, sizeof *s);
  snprintf(s->name, sizeof s->name, "%s", name);
  snprintf(s->text, sizeof s->text, "%.*s", (int)v.len, v.ptr);
}
static void sink_tag(void *ctx, const char *name) { (void)ctx; (void)name; }

static sy_status collect(instance *it, int64_t now, char *error) {
  static char none[256];
  sy_sink sink = {sizeof sink, 0, NULL, sink_number, sink_text, sink_tag};
  sy_error e = {error ? error : none, 256};
  sunk_count = 0;
  e.text[0] = 0;
  return it->metrics->collect(it->self, now, &sink, &e);
}
static const sunk *found(const char *name) {
  for (unsigned i = 0; i < sunk_count; i++) if (strcmp(sunk_all[i].name, name) == 0) return &sunk_all[i];
  return NULL;
}
static double value(const char *name) { return found(name) ? found(name)->number : NAN; }

static char temp[64];
static void file(const char *path, const char *text) { /* below temp, with its folders */
  char full[256];
  snprintf(full, sizeof full, "%s/%s", temp, path);
  for (char *s = full + strlen(temp) + 1; (s = strchr(s, '/')); s++) { *s = 0; mkdir(full, 0700); *s = '/'; }
  FILE *f = fopen(full, "w");
  if (!f) { perror(full); exit(2); }
  fputs(text, f);
  fclose(f);
}

static void host_metrics_of_this_machine(const sy_plugin *p) {
  instance it = make(p, "{}", 0);
  CHECK(it.status == SY_OK);
  CHECK(collect(&it, 1000000000, NULL) == SY_OK);
  for (double end = seconds() + 0.05; seconds() < end;) {} /* some ticks of 10 ms */
  CHECK(collect(&it, 2000000000, NULL) == SY_OK);
  CHECK(value("cpu") >= 0 && value("cpu") <= 1);
  CHECK(value("mem") > 0 && value("mem") < 1);
  CHECK(value("mem.free") > 1e6 && value("mem.free") < value("mem.total"));
  CHECK(value("load1") >= 0 && value("load5") >= 0 && value("load15") >= 0);
  CHECK(value("cores") > 0);
  CHECK(value("disk.free.root") >= 0 && value("disk.free.root") <= value("disk.total.root"));
  CHECK(value("disk.used.root") >= 0 && value("disk.used.root") <= 1);
  CHECK(found("arch") && strcmp(found("os")->text, "linux") == 0);
  unmake(&it);
}

static void host_metrics_of_a_container(const sy_plugin *p) {
  char config[512], error[256];
  file("proc/stat", "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3\n");
  file("proc/meminfo", "MemTotal:       8388608 kB\nMemFree:  1 kB\nMemAvailable:    4194304 kB\n");
  file("proc/loadavg", "0.52 1.25 10.00 2/345 6789\n");
  file("proc/self/cgroup", "0::/a/b\n");
  file("cgroup/a/memory.max", "2147483648\n");
  file("cgroup/a/memory.current", "1073741824\n");
  file("cgroup/a/memory.stat", "anon 5\ninactive_file 536870912\n");
  file("cgroup/a/b/memory.max", "max\n");
  file("cgroup/a/b/cpu.max", "50000 100000\n");
  file("cgroup/a/b/cpu.stat", "usage_usec 1000000\n");
  file("cgroup/a/cpu.max", "max 100000\n");
  snprintf(config, sizeof config, "{\"proc\":\"%s/proc\",\"cgroup_mount\":\"%s/cgroup\",\"disks\":{\"tmp\":\"%s\","
           "\"gone\":\"/no/such/path\"}}", temp, temp, temp);
  instance it = make(p, config, 0);
  CHECK(it.status == SY_OK);
  CHECK(collect(&it, 1000000000, NULL) == SY_OK);
  CHECK(!found("cpu")); /* no time has passed */
  CHECK(value("cores") == 0.5);
  CHECK(value("mem.total") == 2147483648.0);
  CHECK(value("mem.free") == 1610612736.0); /* page cache that can go counts as free */
  CHECK(value("mem") == 0.25);
  CHECK(value("load1") == 0.52 && value("load5") == 1.25 && value("load15") == 10);
  CHECK(found("disk.free.tmp") && !found("disk.free.gone") && !found("disk.free.root"));
  CHECK(it.mock->logs == 1 && strstr(it.mock->last_log, "/no/such/path"));
  file("proc/stat", "cpu  110 0 110 770 110 0 0 0 0 0\n"); /* a fifth busy */
  file("cgroup/a/b/cpu.stat", "usage_usec 1450000\n");     /* 0.45 s of 0.5 that a second allows */
  CHECK(collect(&it, 2000000000, NULL) == SY_OK);
  CHECK(fabs(value("cpu") - 0.9) < 1e-9);
  CHECK(it.mock->logs == 1); /* complains once */
  unmake(&it);
  snprintf(config, sizeof config, "{\"cgroup\":false,\"proc\":\"%s/proc\"}", temp);
  it = make(p, config, 0);
  file("proc/stat", "cpu  120 0 120 840 120 0 0 0 0 0\n");
  CHECK(collect(&it, 2000000000, NULL) == SY_OK);
  CHECK(fabs(value("cpu") - 0.2) < 1e-9);
  CHECK(value("mem") == 0.5);
  file("proc/stat", "garbage");
  file("proc/meminfo", "MemTotal: 99999999999999999999999999 kB\nMemAvailable:\n");
  file("proc/loadavg", "");
  CHECK(collect(&it, 3000000000, error) == SY_E_INTERNAL && strstr(error, "meminfo"));
  unmake(&it);
}

static void host_metrics_tests(const sy_plugin *p) {
  host_metrics_of_this_machine(p);
  host_metrics_of_a_container(p);
  refuses(p, "{\"disks\":[\"/\"]}", "/disks", "object");
  refuses(p, "{\"disks\":{\"a b\":\"/\"}}", "/disks/a b", "a-z");
  refuses(p, "{\"disks\":{\"a\":\"relative\"}}", "/disks/a", "absolute");
  refuses(p, "{\"disks\":{\"a\":null}}", "/disks/a", "absolute");
  refuses(p, "{\"proc\":3}", "/proc", "absolute");
  refuses(p, "{\"cgroup\":\"auto\"}", "/cgroup", "true or false");
}

static const char *site_is(const char *config) {
  static char text[300];
  char error[256] = "";
  const sy_plugin *p = now_plugin;
  instance it = make(p, config, 0);
  if (it.status != SY_OK) snprintf(text, sizeof text, "refused: %s", it.error);
  else if (collect(&it, 0, error) != SY_OK) snprintf(text, sizeof text, "failed: %s", error);
  else snprintf(text, sizeof text, "%s/%s", found("site") ? found("site")->text : "-", found("rack") ? found("rack")->text : "-");
  unmake(&it);
  return text;
}

static void site_tests(const sy_plugin *p) {
  char config[300], path[200];
  unsetenv("SWITCHYARD_SITE");
  unsetenv("SWITCHYARD_RACK");
  CHECK(strcmp(site_is("{\"site\":\"east\",\"rack\":\"r1\"}"), "east/r1") == 0);
  snprintf(path, sizeof path, "%s/site", temp);
  snprintf(config, sizeof config, "{\"file\":\"%s\"}", path);
  CHECK(strncmp(site_is(config), "failed: ", 8) == 0); /* configured, and not there */
  file("site", "# where we are\n site = north \r\n\nrack=r9");
  CHECK(strcmp(site_is(config), "north/r9") == 0);
  setenv("SWITCHYARD_SITE", "west", 1);
  CHECK(strcmp(site_is(config), "west/r9") == 0); /* the environment goes before the file, each for itself */
  setenv("SWITCHYARD_RACK", "r5", 1);
  snprintf(config, sizeof config, "{\"file\":\"%s\",\"site\":\"east\"}", path);
  CHECK(strcmp(site_is(config), "east/r5") == 0); /* the configuration before both */
  setenv("SWITCHYARD_SITE", "no good", 1);
  CHECK(strstr(site_is("{}"), "refused: SWITCHYARD_SITE: "));
  CHECK(strcmp(site_is("{\"site\":\"east\"}"), "east/r5") == 0);
  unsetenv("SWITCHYARD_SITE");
  unsetenv("SWITCHYARD_RACK");
  snprintf(config, sizeof config, "{\"file\":\"%s\"}", path);
  file("site", "site=a\nzone=b\n");
  CHECK(strstr(site_is(config), "line 2: "));
  file("site", "site=\n");
  CHECK(strstr(site_is(config), "line 1: "));
  FILE *f = fopen(path, "w");
  for (int i = 0; i < 5000; i++) fputc('\n', f);
  fclose(f);
  CHECK(strstr(site_is(config), "4096"));
  instance it = make(p, "{\"file\":\"/no/such/dir/site\"}", 0);
  CHECK(it.status == SY_OK);
  unmake(&it);
  refuses(p, "{\"site\":\"no good\"}", "/site", "letters");
  refuses(p, "{\"site\":\"\"}", "/site", "letters");
  refuses(p, "{\"rack\":7}", "/rack", "letters");
  refuses(p, "{\"file\":\"site\"}", "/file", "absolute");
}
