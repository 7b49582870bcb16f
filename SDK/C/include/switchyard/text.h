/* switchyard/text.h - writing into an sy_error piece by piece, without stdio, malloc or overflow.
 * Compiled into the plugin; no ABI. All of it may run in hot code.
 *
 *     sy_writer w = sy_writer_on(why);
 *     sy_put(&w, "site ");
 *     sy_put_str(&w, host->text_of(host->ctx, site));
 *     sy_put(&w, " is not active"); */
#ifndef SWITCHYARD_TEXT_H
#define SWITCHYARD_TEXT_H
#include "plugin.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct sy_writer {
  char *text;
  size_t cap, len;
} sy_writer;

/* Start over in this error's buffer (which may be missing: then nothing is written). */
static inline sy_writer sy_writer_on(sy_error *error) {
  sy_writer w = {NULL, 0, 0};
  if (error && error->text && error->cap > 0) {
    w.text = error->text;
    w.cap = error->cap;
    w.text[0] = 0;
  }
  return w;
}

/* Append; what does not fit is cut at a character's border, and so is all that follows. */
static inline void sy_put_bytes(sy_writer *w, const char *bytes, size_t n) {
  size_t room;
  if (w->cap == 0 || n == 0 || !bytes) return;
  room = w->cap - 1 - w->len;
  if (n > room) {
    n = room;
    while (n > 0 && ((unsigned char)bytes[n] & 0xC0u) == 0x80u) n--;
    w->cap = w->len + n + 1;
  }
  memcpy(w->text + w->len, bytes, n);
  w->len += n;
  w->text[w->len] = 0;
}

static inline void sy_put(sy_writer *w, const char *text) { sy_put_bytes(w, text, strlen(text)); }

static inline void sy_put_str(sy_writer *w, sy_str text) { sy_put_bytes(w, text.ptr, text.len); }

static inline void sy_put_count(sy_writer *w, uint64_t n) {
  char digits[20];
  size_t at = sizeof digits;
  do digits[--at] = (char)('0' + n % 10);
  while ((n /= 10) > 0);
  sy_put_bytes(w, digits + at, sizeof digits - at);
}

/* A sy_str of a C string, and whether two are equal. */
static inline sy_str sy_text(const char *text) {
  sy_str s;
  s.ptr = text;
  s.len = strlen(text);
  return s;
}

static inline int sy_same(sy_str a, sy_str b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

#ifdef __cplusplus
}
#endif
#endif
