/* What Linux tells in text files, read with bounds and without stdio. */
#ifndef PROC_H
#define PROC_H
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROC_PATH = 1024 };

/* dir + "/" + name; 0 if it does not fit. */
static inline int proc_path(char out[PROC_PATH], const char *dir, const char *name) {
  size_t a = strlen(dir), b = strlen(name);
  if (a + b + 2 > PROC_PATH) return 0;
  memcpy(out, dir, a);
  out[a] = '/';
  memcpy(out + a + 1, name, b + 1);
  return 1;
}

/* The beginning of a file, NUL-terminated, up to cap - 1 bytes; 0 if it cannot be read. */
static inline int proc_read(const char *dir, const char *name, char *out, size_t cap) {
  char path[PROC_PATH];
  size_t n = 0;
  ssize_t got = 0;
  int fd;
  out[0] = 0;
  if (!proc_path(path, dir, name)) return 0;
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  while (n + 1 < cap) {
    got = read(fd, out + n, cap - 1 - n);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    n += (size_t)got;
  }
  close(fd);
  out[n] = 0;
  return got >= 0;
}

/* The number at *at, after blanks, moving *at behind it; 0 if there is none. Too large a number stays at the largest. */
static inline int proc_number(const char **at, uint64_t *out) {
  const char *p = *at;
  uint64_t n = 0;
  while (*p == ' ' || *p == '\t') p++;
  if (*p < '0' || *p > '9') return 0;
  for (; *p >= '0' && *p <= '9'; p++) n = n > (UINT64_MAX - 9) / 10 ? UINT64_MAX / 2 : n * 10 + (uint64_t)(*p - '0');
  *at = p;
  *out = n;
  return 1;
}

/* A decimal fraction without sign or exponent ("0.52"), independent of the locale. */
static inline int proc_decimal(const char **at, double *out) {
  uint64_t whole;
  double unit = 1, n;
  if (!proc_number(at, &whole)) return 0;
  n = (double)whole;
  if (**at == '.')
    for (++*at; **at >= '0' && **at <= '9'; ++*at) {
      unit /= 10;
      n += unit * (**at - '0');
    }
  *out = n;
  return 1;
}

/* The number after a key that begins a line: "MemAvailable:" 123. 0 if there is none. */
static inline int proc_field(const char *text, const char *key, uint64_t *out) {
  size_t n = strlen(key);
  while (text && *text) {
    if (strncmp(text, key, n) == 0 && (text[n] == ' ' || text[n] == '\t')) {
      const char *at = text + n;
      return proc_number(&at, out);
    }
    text = strchr(text, '\n');
    if (text) text++;
  }
  return 0;
}
#endif
