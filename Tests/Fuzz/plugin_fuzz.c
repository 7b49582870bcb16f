/* One strategy under libFuzzer: `create` with a configuration made of the input, which is always JSON and often has
 * members that the strategy knows. Linked with the strategy's own object; the host is that of Tests/PluginTests. */
#include <stdint.h>

#include "../PluginTests/mock_host.h"

const sy_plugin *switchyard_plugin_v1(const sy_host *host);

typedef struct writer {
  const uint8_t *in, *end;
  char out[8192];
  size_t length;
  int values;
} writer;

static uint8_t next(writer *w) { return w->in < w->end ? *w->in++ : 0; }
static void put(writer *w, const char *text) {
  size_t n = strlen(text);
  if (w->length + n < sizeof w->out) { memcpy(w->out + w->length, text, n + 1); w->length += n; }
}

/* The names in the strategy's schema, and so those of its members. */
static char names[256][65];
static unsigned name_count;

static void learn_names(const char *schema) {
  for (const char *p = schema; p && (p = strchr(p, '"')) && name_count < 256;) {
    const char *end = strchr(++p, '"');
    if (!end) return;
    size_t n = (size_t)(end - p);
    if (n > 0 && n < 65) memcpy(names[name_count++], p, n);
    p = end + 1;
  }
}

static void text_value(writer *w) {
  if (name_count && next(w) % 4) {
    put(w, "\"");
    put(w, names[next(w) % name_count]);
    put(w, "\"");
    return;
  }
  char t[67] = "\"";
  size_t n = next(w) % 64, used = 1;
  while (used <= n && w->in < w->end) {
    char c = (char)next(w);
    if (c && c != '"' && c != '\\') t[used++] = c;
    else t[used++] = 'x';
  }
  t[used] = '"';
  put(w, t);
}

static void value(writer *w, int depth) {
  static const char *const plain[] = {"null", "true", "false", "0", "-0", "1", "-1", "0.5", "1e308", "-1e308", "1e-320",
                                      "4294967295", "4294967296", "9007199254740993", "[]", "{}"};
  uint8_t kind = next(w);
  int members = kind / 4 % 8;
  if (depth == 0) { kind = 3; members = 1 + next(w) % 7; } /* a configuration is an object */
  if (depth > 4 || ++w->values > 200) kind &= 1;
  switch (kind % 4) {
    case 0: put(w, plain[next(w) % (sizeof plain / sizeof *plain)]); return;
    case 1: text_value(w); return;
    case 2:
      put(w, "[");
      for (int i = 0; i < members; i++) { if (i) put(w, ","); value(w, depth + 1); }
      put(w, "]");
      return;
    default:
      put(w, "{");
      for (int i = 0; i < members; i++) { if (i) put(w, ","); text_value(w); put(w, ":"); value(w, depth + 1); }
      put(w, "}");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const sy_plugin *plugin;
  if (!plugin) {
    static mock entry;
    entry.host = (sy_host){.size = sizeof(sy_host), .ctx = &entry, .write_log = host_log};
    plugin = switchyard_plugin_v1(&entry.host);
    learn_names(plugin->config_schema);
  }
  static writer w;
  w = (writer){.in = data, .end = data + size};
  value(&w, 0);
  if (w.length > sizeof w.out - 200) return 0; /* cut off */
  for (uint32_t i = 1; i < text_total; i++) free(texts[i]);
  text_total = 1; /* what the input before has interned */
  instance it = make(plugin, w.out, 16);
  if (it.status != SY_OK && (it.status != SY_E_CONFIG || !it.error[0] || !memchr(it.error, 0, sizeof it.error))) {
    fprintf(stderr, "%s\nis refused with %d \"%.256s\"\n", w.out, (int)it.status, it.error);
    abort(); /* a refusal says why */
  }
  unmake(&it);
  return 0;
}
