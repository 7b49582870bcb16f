/* A small JSON reader for the mock host: a tree of nodes from one fixed pool. For tests, not for use. */
#ifndef JSON_H
#define JSON_H
#include <stdlib.h>
#include <string.h>
#include <switchyard/plugin.h>

typedef struct json {
  uint32_t type;
  double number;
  char *text, *key;
  struct json *child, *next;
  uint32_t count;
} json;

typedef struct json_reader {
  const char *at;
  json pool[2048];
  uint32_t used;
  int bad;
} json_reader;

static json *json_read(json_reader *r);

static void json_blank(json_reader *r) { r->at += strspn(r->at, " \t\r\n"); }

static char *json_string(json_reader *r) {
  char *out = (char *)malloc(strlen(r->at) + 1), *o = out;
  r->at++;
  while (*r->at && *r->at != '"') {
    if (*r->at == '\\' && r->at[1] == 'n') { *o++ = '\n'; r->at += 2; continue; }
    if (*r->at == '\\') r->at++;
    *o++ = *r->at++;
  }
  *o = 0;
  if (*r->at == '"') r->at++;
  else r->bad = 1;
  return out;
}

static void json_members(json_reader *r, json *v, char close) {
  json **last = &v->child;
  r->at++;
  for (json_blank(r); *r->at && *r->at != close && !r->bad; json_blank(r)) {
    char *key = NULL;
    if (close == '}') {
      key = json_string(r);
      json_blank(r);
      if (*r->at++ != ':') r->bad = 1;
    }
    json *m = json_read(r);
    if (!m) { free(key); r->bad = 1; return; }
    m->key = key;
    *last = m;
    last = &m->next;
    v->count++;
    json_blank(r);
    if (*r->at == ',') r->at++;
  }
  if (*r->at == close) r->at++;
  else r->bad = 1;
}

static json *json_read(json_reader *r) {
  json_blank(r);
  if (r->used == sizeof r->pool / sizeof *r->pool || r->bad) return NULL;
  json *v = &r->pool[r->used++];
  memset(v, 0, sizeof *v);
  if (*r->at == '{') { v->type = SY_OBJECT; json_members(r, v, '}'); }
  else if (*r->at == '[') { v->type = SY_LIST; json_members(r, v, ']'); }
  else if (*r->at == '"') { v->type = SY_TEXT; v->text = json_string(r); }
  else if (strncmp(r->at, "true", 4) == 0) { v->type = SY_BOOL; v->number = 1; r->at += 4; }
  else if (strncmp(r->at, "false", 5) == 0) { v->type = SY_BOOL; r->at += 5; }
  else if (strncmp(r->at, "null", 4) == 0) { v->type = SY_NULL; r->at += 4; }
  else {
    char *end;
    v->type = SY_NUMBER;
    v->number = strtod(r->at, &end);
    if (end == r->at) r->bad = 1;
    r->at = end;
  }
  return v;
}

static void json_free(json_reader *r) {
  for (uint32_t i = 0; i < r->used; i++) { free(r->pool[i].text); free(r->pool[i].key); }
  r->used = 0;
}

static json *json_member(json *v, uint32_t i) {
  json *m = v->child;
  while (m && i--) m = m->next;
  return m;
}

/* RFC 6901 */
static json *json_at(json *v, const char *path) {
  while (v && *path) {
    char key[512];
    size_t n = 0;
    if (*path++ != '/') return NULL;
    for (; *path && *path != '/' && n + 1 < sizeof key; path++) {
      if (path[0] == '~' && (path[1] == '0' || path[1] == '1')) key[n++] = *++path == '0' ? '~' : '/';
      else key[n++] = *path;
    }
    key[n] = 0;
    json *m = NULL;
    if (v->type == SY_LIST) m = json_member(v, (uint32_t)atoi(key));
    if (v->type == SY_OBJECT) for (m = v->child; m && strcmp(m->key, key) != 0; m = m->next) {}
    v = m;
  }
  return v;
}
#endif
