/* switchyard/config.h - reading a configuration in create(), without a JSON parser.
 * Compiled into the plugin; no ABI. [control], in create() only.
 *
 *     sy_config c = sy_config_open(create, error);
 *     sy_config_only(&c, "", "limit,site");
 *     double limit = sy_config_number(&c, "/limit", 10, 1, 100, "a number from 1 to 100");
 *     sy_str site = sy_config_text(&c, "/site", "", 64, "a site's name");
 *     if (c.status != SY_OK) return c.status;
 *
 * The first mistake is kept, with its JSON pointer and what would be accepted; later reads answer with
 * their defaults. So one check at the end is enough. A member that is null counts as absent. */
#ifndef SWITCHYARD_CONFIG_H
#define SWITCHYARD_CONFIG_H
#include "text.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct sy_config {
  const sy_host *host;
  sy_error *error;
  sy_status status;
} sy_config;

/* Room for a pointer that sy_config_member() makes: keys beyond it are refused. */
#define SY_CONFIG_PATH 512

/* Refuse: "PATH: WHAT is accepted". */
static inline void sy_config_refuse(sy_config *c, const char *path, const char *what) {
  sy_writer w;
  if (c->status != SY_OK) return;
  w = sy_writer_on(c->error);
  sy_put(&w, path[0] ? path : "configuration");
  sy_put(&w, ": ");
  sy_put(&w, what);
  sy_put(&w, " is accepted");
  c->status = SY_E_CONFIG;
}

/* What stands at path, or at its i-th member unless i is SY_NIL. */
static inline sy_value sy_config_value(const sy_config *c, const char *path, uint32_t i) {
  sy_value v;
  memset(&v, 0, sizeof v);
  v.size = sizeof v;
  v.type = c->host->config(c->host->ctx, path, i, &v);
  if (v.type == SY_ABSENT || v.type == SY_NULL) {
    v.type = SY_ABSENT;
    v.count = 0;
    v.text.len = 0;
  }
  return v;
}

/* The root must be an object, or absent. */
static inline sy_config sy_config_open(const sy_create *create, sy_error *error) {
  sy_config c;
  sy_value root;
  c.host = create->host;
  c.error = error;
  c.status = SY_OK;
  if (!c.host || !SY_HAS(c.host, sy_host, config)) {
    c.status = sy_fail(error, SY_E_ARG, "the host lends no configuration (sy_host.config)");
    return c;
  }
  root = sy_config_value(&c, "", SY_NIL);
  if (root.type != SY_OBJECT && root.type != SY_ABSENT) sy_config_refuse(&c, "", "an object");
  return c;
}

/* 1 if there is something at path. */
static inline int sy_config_has(const sy_config *c, const char *path) {
  return c->status == SY_OK && sy_config_value(c, path, SY_NIL).type != SY_ABSENT;
}

/* Refuse members of the object at path other than those named in `known`: "active,backups". */
static inline void sy_config_only(sy_config *c, const char *path, const char *known) {
  sy_value all;
  uint32_t i;
  if (c->status != SY_OK) return;
  all = sy_config_value(c, path, SY_NIL);
  if (all.type == SY_ABSENT) return;
  if (all.type != SY_OBJECT) {
    sy_config_refuse(c, path, "an object");
    return;
  }
  for (i = 0; i < all.count; i++) {
    sy_value m;
    const char *at = known;
    int found = 0;
    memset(&m, 0, sizeof m);
    m.size = sizeof m;
    (void)c->host->config(c->host->ctx, path, i, &m);
    while (*at && !found) {
      size_t n = strcspn(at, ",");
      found = m.key.len == n && memcmp(m.key.ptr, at, n) == 0;
      at += n + (at[n] == ',');
    }
    if (!found) {
      sy_writer w = sy_writer_on(c->error);
      sy_put(&w, path);
      sy_put(&w, "/");
      sy_put_bytes(&w, m.key.ptr, m.key.len > 64 ? 64 : m.key.len);
      sy_put(&w, ": unknown member; ");
      sy_put(&w, *known ? known : "none");
      sy_put(&w, *known ? " are accepted" : " is accepted");
      c->status = SY_E_CONFIG;
      return;
    }
  }
}

/* A number from min to max, or `otherwise` if absent. */
static inline double sy_config_number(sy_config *c, const char *path, double otherwise, double min, double max,
                                      const char *accepted) {
  sy_value v;
  if (c->status != SY_OK) return otherwise;
  v = sy_config_value(c, path, SY_NIL);
  if (v.type == SY_ABSENT) return otherwise;
  if (v.type != SY_NUMBER || !(v.number >= min && v.number <= max)) {
    sy_config_refuse(c, path, accepted);
    return otherwise;
  }
  return v.number;
}

/* true or false, or `otherwise` if absent. */
static inline int sy_config_bool(sy_config *c, const char *path, int otherwise) {
  sy_value v;
  if (c->status != SY_OK) return otherwise;
  v = sy_config_value(c, path, SY_NIL);
  if (v.type == SY_ABSENT) return otherwise;
  if (v.type != SY_BOOL) {
    sy_config_refuse(c, path, "true or false");
    return otherwise;
  }
  return v.number != 0;
}

/* A text of 1..max bytes without NUL, or `otherwise` if absent, which comes back as it is: it must live on. (A Swift
 * text that is passed as a C text does not.) What is of the configuration lives until create() returns. */
static inline sy_str sy_config_text(sy_config *c, const char *path, const char *otherwise, size_t max,
                                    const char *accepted) {
  sy_value v;
  if (c->status != SY_OK) return sy_text(otherwise);
  v = sy_config_value(c, path, SY_NIL);
  if (v.type == SY_ABSENT) return sy_text(otherwise);
  if (v.type != SY_TEXT || v.text.len == 0 || v.text.len > max || memchr(v.text.ptr, 0, v.text.len)) {
    sy_config_refuse(c, path, accepted);
    return sy_text(otherwise);
  }
  return v.text;
}

/* How many members has the SY_LIST or SY_OBJECT at path? Absent: 0. */
static inline uint32_t sy_config_count(sy_config *c, const char *path, uint32_t type, uint32_t max,
                                       const char *accepted) {
  sy_value v;
  if (c->status != SY_OK) return 0;
  v = sy_config_value(c, path, SY_NIL);
  if (v.type == SY_ABSENT) return 0;
  if (v.type != type || v.count > max) {
    sy_config_refuse(c, path, accepted);
    return 0;
  }
  return (uint32_t)v.count;
}

/* The pointer of the i-th member of what stands at path, for use with the functions above; key, if asked
 * for, is a member's key. 0: there is none, or its key is too long. */
static inline int sy_config_member(sy_config *c, const char *path, uint32_t i, char out[SY_CONFIG_PATH],
                                   sy_str *key) {
  sy_error target;
  sy_writer w;
  sy_value all, v;
  size_t k;
  target.text = out;
  target.cap = SY_CONFIG_PATH;
  w = sy_writer_on(&target);
  if (c->status != SY_OK) return 0;
  all = sy_config_value(c, path, SY_NIL);
  if ((all.type != SY_LIST && all.type != SY_OBJECT) || i >= all.count) return 0;
  memset(&v, 0, sizeof v);
  v.size = sizeof v;
  (void)c->host->config(c->host->ctx, path, i, &v);
  if (key) *key = v.key;
  sy_put(&w, path);
  sy_put(&w, "/");
  if (all.type == SY_LIST) {
    sy_put_count(&w, i);
    return 1;
  }
  if (strlen(path) + 2 + 2 * v.key.len >= SY_CONFIG_PATH || (v.key.len && memchr(v.key.ptr, 0, v.key.len))) {
    sy_config_refuse(c, path, "a short name as key");
    return 0;
  }
  for (k = 0; k < v.key.len; k++) { /* RFC 6901 escapes two characters */
    if (v.key.ptr[k] == '~') sy_put(&w, "~0");
    else if (v.key.ptr[k] == '/') sy_put(&w, "~1");
    else sy_put_bytes(&w, v.key.ptr + k, 1);
  }
  return 1;
}

#ifdef __cplusplus
}
#endif
#endif
