/* switchyard.host-metrics: what the machine, or the container, has left: CPU, memory, load, disks.
 *
 * A worker in a container must not report the free memory of the whole machine: where a cgroup v2 sets a limit, the
 * tighter of the two is reported. Free memory is the kernel's MemAvailable (what can be had without swapping), not
 * MemFree, which is low on every healthy machine. Rates are over the time since the last collect. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <switchyard/config.h>

#include "cgroup.h"
#include "proc.h"

enum { MAX_DISKS = 32, TEXT = 64 * 1024 };

typedef struct disk {
  char free_name[96], total_name[96], used_name[96]; /* disk.free.NAME .. */
  char path[SY_CONFIG_PATH];
  int complained;
} disk;

typedef struct cpu_times {
  uint64_t busy, total; /* ticks since boot */
  int known;
} cpu_times;

typedef struct host_metrics {
  const sy_host *host;
  char proc[SY_CONFIG_PATH], cgroup[SY_CONFIG_PATH];
  int use_cgroup;
  disk disks[MAX_DISKS];
  uint32_t disk_count;
  cpu_times cpu;         /* at the last collect */
  double group_seconds;  /* likewise */
  int64_t group_at;
  int group_known;
  char text[TEXT];
} host_metrics;

static void put(const sy_sink *sink, const char *name, double value) { sink->number(sink->ctx, name, value); }

static double within_1(double x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

/* ---- CPU ---- */

/* The first line of /proc/stat (proc_stat(5)): user nice system idle iowait irq softirq steal; guest time is within
 * user time. Waiting for I/O is idle time, time stolen by the hypervisor is not ours to use. */
static cpu_times cpu_now(host_metrics *me) {
  cpu_times now = {0, 0, 0};
  const char *at = me->text + 3;
  uint64_t ticks;
  if (!proc_read(me->proc, "stat", me->text, TEXT) || strncmp(me->text, "cpu", 3) != 0) return now;
  for (int i = 0; i < 8 && proc_number(&at, &ticks); i++) {
    now.total += ticks;
    if (i != 3 && i != 4) now.busy += ticks;
    now.known = i >= 3;
  }
  return now;
}

/* How many cores may this process use at all? */
static double cores_now(void) {
  cpu_set_t set;
  long online;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  online = sysconf(_SC_NPROCESSORS_ONLN); /* more cores than the set has room for */
  return online > 0 ? (double)online : 1;
}

static int put_cpu(host_metrics *me, const cgroup *group, int64_t now_ns, const sy_sink *sink) {
  const cpu_times now = cpu_now(me), last = me->cpu;
  double cpu = -1, cores = cores_now();
  if (now.known && last.known && now.total > last.total && now.busy >= last.busy)
    cpu = (double)(now.busy - last.busy) / (double)(now.total - last.total);
  if (now.known) me->cpu = now;

  if (group->cpu_limited) {
    const double seconds = (double)(now_ns - me->group_at) / 1e9;
    if (group->cores < cores) cores = group->cores;
    if (me->group_known && seconds > 0 && group->cpu_seconds >= me->group_seconds) {
      const double share = (group->cpu_seconds - me->group_seconds) / (seconds * group->cores);
      if (share > cpu) cpu = share;
    }
    me->group_seconds = group->cpu_seconds;
    me->group_at = now_ns;
  }
  me->group_known = group->cpu_limited;

  put(sink, "cores", cores);
  if (cpu >= 0) put(sink, "cpu", within_1(cpu)); /* not known before the second collect at the latest */
  return now.known;
}

/* ---- memory, load ---- */

static int put_memory(host_metrics *me, const cgroup *group, const sy_sink *sink) {
  uint64_t total_kib, free_kib;
  double total, left;
  if (!proc_read(me->proc, "meminfo", me->text, TEXT)) return 0;
  if (!proc_field(me->text, "MemTotal:", &total_kib) || !proc_field(me->text, "MemAvailable:", &free_kib)) return 0;
  total = (double)total_kib * 1024;
  left = (double)free_kib * 1024;
  if (group->memory_limited && group->memory_max < total) total = group->memory_max;
  if (group->memory_limited && group->memory_free < left) left = group->memory_free;
  put(sink, "mem.total", total);
  put(sink, "mem.free", left);
  if (total > 0) put(sink, "mem", within_1(1 - left / total));
  return 1;
}

static int put_load(host_metrics *me, const sy_sink *sink) {
  static const char *const name[] = {"load1", "load5", "load15"};
  const char *at = me->text;
  double load;
  if (!proc_read(me->proc, "loadavg", me->text, TEXT)) return 0;
  for (int i = 0; i < 3; i++) {
    if (!proc_decimal(&at, &load)) return i > 0;
    put(sink, name[i], load);
  }
  return 1;
}

/* ---- disks ---- */

static void put_disk(host_metrics *me, disk *d, const sy_sink *sink) {
  struct statvfs fs;
  double unit, total, left;
  if (statvfs(d->path, &fs) != 0) {
    if (!d->complained) { /* once, not every few seconds */
      char text[SY_CONFIG_PATH + 128];
      sy_error buffer = {text, sizeof text};
      sy_writer w = sy_writer_on(&buffer);
      sy_str line;
      sy_put(&w, "disk ");
      sy_put(&w, d->path);
      sy_put(&w, " is not reported: ");
      sy_put(&w, strerror(errno));
      line.ptr = w.text;
      line.len = w.len;
      me->host->write_log(me->host->ctx, 2, line);
    }
    d->complained = 1;
    return;
  }
  d->complained = 0;
  unit = (double)(fs.f_frsize ? fs.f_frsize : fs.f_bsize);
  total = unit * (double)fs.f_blocks;
  left = unit * (double)fs.f_bavail; /* what is not root's to keep */
  put(sink, d->free_name, left);
  put(sink, d->total_name, total);
  if (total > 0) put(sink, d->used_name, within_1(1 - left / total));
}

/* ---- collect ---- */

static void put_system(const sy_sink *sink) {
  struct utsname u;
  if (uname(&u) != 0) return;
  sink->text(sink->ctx, "os", sy_text("linux"));
  sink->text(sink->ctx, "arch", sy_text(u.machine));
  sink->text(sink->ctx, "kernel", sy_text(u.release));
}

static sy_status collect(void *self, int64_t now_ns, const sy_sink *sink, sy_error *error) {
  host_metrics *me = (host_metrics *)self;
  cgroup group;
  int any;
  memset(&group, 0, sizeof group);
  if (me->use_cgroup) group = cgroup_read(me->proc, me->cgroup);
  any = put_cpu(me, &group, now_ns, sink);
  any |= put_memory(me, &group, sink);
  any |= put_load(me, sink);
  for (uint32_t i = 0; i < me->disk_count; i++) put_disk(me, &me->disks[i], sink);
  put_system(sink);
  if (!any) {
    sy_writer w = sy_writer_on(error);
    sy_put(&w, me->proc);
    sy_put(&w, ": stat, meminfo and loadavg cannot be read");
    return SY_E_INTERNAL;
  }
  return SY_OK;
}

/* ---- lifecycle ---- */

static const char path_accepted[] = "an absolute path of at most 500 bytes";

static void read_path(sy_config *c, const char *at, const char *otherwise, char out[SY_CONFIG_PATH]) {
  sy_str path = sy_config_text(c, at, otherwise, 500, path_accepted);
  if (path.len == 0 || path.ptr[0] != '/') {
    sy_config_refuse(c, at, path_accepted);
    return;
  }
  memcpy(out, path.ptr, path.len);
  out[path.len] = 0;
}

/* Names become parts of names of metrics: [a-z0-9_-]{1,32}. */
static int is_disk_name(sy_str name) {
  if (name.len == 0 || name.len > 32) return 0;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) return 0;
  }
  return 1;
}

static void name_metric(char out[96], const char *prefix, sy_str name) {
  sy_error buffer = {out, 96};
  sy_writer w = sy_writer_on(&buffer);
  sy_put(&w, prefix);
  sy_put_str(&w, name);
}

static void add_disk(host_metrics *me, sy_config *c, const char *at, sy_str name, const char *otherwise) {
  disk *d = &me->disks[me->disk_count++];
  if (!is_disk_name(name)) sy_config_refuse(c, at, "a name of 1 to 32 of a-z, 0-9, '_' or '-'");
  read_path(c, at, otherwise, d->path);
  if (c->status != SY_OK) return;
  name_metric(d->free_name, "disk.free.", name);
  name_metric(d->total_name, "disk.total.", name);
  name_metric(d->used_name, "disk.used.", name);
}

static void configure(host_metrics *me, sy_config *c) {
  uint32_t disks;
  sy_config_only(c, "", "disks,cgroup,proc,cgroup_mount");
  me->use_cgroup = sy_config_bool(c, "/cgroup", 1);
  read_path(c, "/proc", "/proc", me->proc);
  read_path(c, "/cgroup_mount", "/sys/fs/cgroup", me->cgroup);
  disks = sy_config_count(c, "/disks", SY_OBJECT, MAX_DISKS, "an object of at most 32 paths by name");
  for (uint32_t i = 0; i < disks && c->status == SY_OK; i++) {
    char at[SY_CONFIG_PATH];
    sy_str name;
    if (sy_config_member(c, "/disks", i, at, &name)) add_disk(me, c, at, name, "");
  }
  if (!sy_config_has(c, "/disks")) add_disk(me, c, "/disks/root", sy_text("root"), "/");
}

static sy_status create(const sy_create *create, void **self, sy_error *error) {
  sy_config c = sy_config_open(create, error);
  host_metrics *me = (host_metrics *)calloc(1, sizeof *me);
  if (!me) return sy_fail(error, SY_E_INTERNAL, "out of memory");
  me->host = create->host;
  configure(me, &c);
  if (c.status != SY_OK) {
    free(me);
    return c.status;
  }
  me->cpu = cpu_now(me); /* so that the first collect has something to compare with */
  *self = me;
  return SY_OK;
}

static void destroy(void *self) { free(self); }

/* ---- what this file offers ---- */

static const sy_metrics metrics = {sizeof metrics, 0, INT64_C(5000000000), collect};

static const void *get_extension(const char *id) { return strcmp(id, SY_EXT_METRICS) == 0 ? &metrics : NULL; }

#define PATH_SCHEMA "{\"type\":\"string\",\"pattern\":\"^/\",\"maxLength\":500"
static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"additionalProperties\":false,"
    "\"properties\":{"
    "\"disks\":{\"type\":\"object\",\"maxProperties\":32,\"propertyNames\":{\"pattern\":\"^[a-z0-9_-]{1,32}$\"},"
    "\"additionalProperties\":" PATH_SCHEMA "},\"default\":{\"root\":\"/\"},"
    "\"description\":\"Paths by name: disk.free.NAME is the room where PATH lies.\"},"
    "\"cgroup\":{\"type\":\"boolean\",\"default\":true,\"description\":\"Heed the limits of cgroup v2.\"},"
    "\"proc\":" PATH_SCHEMA ",\"default\":\"/proc\",\"description\":\"Where proc is mounted.\"},"
    "\"cgroup_mount\":" PATH_SCHEMA ",\"default\":\"/sys/fs/cgroup\",\"description\":\"Where cgroup v2 is mounted.\"}}}";

static const sy_plugin plugin = {
    .size = sizeof plugin,
    .abi_minor = SY_ABI_MINOR,
    .flags = SY_F_UNLOADABLE,
    .id = "switchyard.host-metrics",
    .name = "Host metrics: CPU, memory, load, disks",
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
