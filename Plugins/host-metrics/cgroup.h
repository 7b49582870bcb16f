/* The limits that a container sets on this process: cgroup v2, the tightest on the way up to the root.
 * (Linux, Documentation/admin-guide/cgroup-v2.rst: memory.max, memory.current, memory.stat, cpu.max, cpu.stat.) */
#ifndef CGROUP_H
#define CGROUP_H
#include "proc.h"

typedef struct cgroup {
  int memory_limited, cpu_limited;
  double memory_max, memory_free; /* bytes: of the group with the least left */
  double cores;                   /* cpu.max of the group with the least: quota / period */
  double cpu_seconds;             /* used by that group so far */
} cgroup;

enum { CGROUP_TEXT = 8192, CGROUP_DEPTH = 32 };

static inline void cgroup_memory(cgroup *c, const char *dir) {
  char text[CGROUP_TEXT];
  const char *at = text;
  uint64_t max, current, cache = 0;
  double left;
  if (!proc_read(dir, "memory.max", text, sizeof text) || !proc_number(&at, &max)) return; /* "max": no limit */
  at = text;
  if (!proc_read(dir, "memory.current", text, sizeof text) || !proc_number(&at, &current)) return;
  /* Page cache that is not in use is given back on demand: it counts as free, as in MemAvailable. */
  if (proc_read(dir, "memory.stat", text, sizeof text)) (void)proc_field(text, "inactive_file", &cache);
  left = (double)max - (double)current + (double)(cache < current ? cache : current);
  if (left < 0) left = 0;
  if (left > (double)max) left = (double)max;
  if (c->memory_limited && left >= c->memory_free) return;
  c->memory_limited = 1;
  c->memory_max = (double)max;
  c->memory_free = left;
}

static inline void cgroup_cpu(cgroup *c, const char *dir) {
  char text[CGROUP_TEXT];
  const char *at = text;
  uint64_t quota, period, used;
  double cores;
  if (!proc_read(dir, "cpu.max", text, sizeof text) || !proc_number(&at, &quota)) return;
  if (!proc_number(&at, &period) || period == 0 || quota == 0) return;
  if (!proc_read(dir, "cpu.stat", text, sizeof text) || !proc_field(text, "usage_usec", &used)) return;
  cores = (double)quota / (double)period;
  if (c->cpu_limited && cores >= c->cores) return;
  c->cpu_limited = 1;
  c->cores = cores;
  c->cpu_seconds = (double)used / 1e6;
}

/* Read all limits of the process under `proc` ("/proc"), whose groups are mounted at `mount` ("/sys/fs/cgroup"). */
static inline cgroup cgroup_read(const char *proc, const char *mount) {
  cgroup c;
  char text[CGROUP_TEXT], dir[PROC_PATH], *path, *end;
  memset(&c, 0, sizeof c);
  if (!proc_read(proc, "self/cgroup", text, sizeof text)) return c;
  path = strncmp(text, "0::/", 4) == 0 ? text + 3 : strstr(text, "\n0::/"); /* the line of v2 */
  if (!path) return c;
  if (*path == '\n') path += 4;
  end = strchr(path, '\n');
  if (end) *end = 0;
  if (strstr(path, "/..")) path[0] = 0; /* outside of this namespace: only the mount itself can be read */
  for (int depth = 0; depth < CGROUP_DEPTH; depth++) {
    size_t n = strlen(path);
    while (n > 0 && path[n - 1] == '/') path[--n] = 0;
    if (!proc_path(dir, mount, path[0] == '/' ? path + 1 : path)) return c;
    cgroup_memory(&c, dir);
    cgroup_cpu(&c, dir);
    end = strrchr(path, '/');
    if (!end) break; /* that was the mount itself */
    *end = 0;
  }
  return c;
}
#endif
