/* switchyard.site: metrics that say where a node stands: its site (datacenter, zone, room) and its rack.
 *
 * Each of the two is taken from the first place that says it:
 *   1. the configuration, members "site" and "rack": the policy of whoever runs the node;
 *   2. the environment, SWITCHYARD_SITE and SWITCHYARD_RACK: what an orchestrator sets;
 *   3. a file, lines "site=..." and "rack=...": what configuration management puts on the machine. It is read again at
 *      each collect, so a machine that moved need not be restarted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <switchyard/config.h>

#define NAME_MAX_BYTES 64
#define FILE_MAX_BYTES 4096
#define FILE_DEFAULT "/etc/switchyard/site"

typedef struct place {
  char name[NAME_MAX_BYTES + 1]; /* empty: not said */
} place;

typedef struct site {
  place site, rack; /* of the configuration or the environment */
  char file[SY_CONFIG_PATH];
  int file_wanted;  /* configured: it must be there */
} site;

static int is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* Take a name of [A-Za-z0-9._-]{1,64}; 0: it is none. */
static int take(place *p, const char *text, size_t n) {
  if (n == 0 || n > NAME_MAX_BYTES) return 0;
  for (size_t i = 0; i < n; i++)
    if (!is_name_byte(text[i])) return 0;
  memcpy(p->name, text, n);
  p->name[n] = 0;
  return 1;
}

/* ---- collect ---- */

static sy_status bad_file(const site *me, sy_error *error, const char *what, uint64_t line) {
  sy_writer w = sy_writer_on(error);
  sy_put(&w, me->file);
  if (line) {
    sy_put(&w, ", line ");
    sy_put_count(&w, line);
  }
  sy_put(&w, ": ");
  sy_put(&w, what);
  return SY_E_INTERNAL;
}

static size_t trimmed(const char **text, size_t n) {
  while (n > 0 && (**text == ' ' || **text == '\t')) (*text)++, n--;
  while (n > 0 && ((*text)[n - 1] == ' ' || (*text)[n - 1] == '\t' || (*text)[n - 1] == '\r')) n--;
  return n;
}

/* What the file says, for whichever place is still empty. Lines are NAME=VALUE; "#" begins a comment line. */
static sy_status read_file(const site *me, place *where, place *rack, sy_error *error) {
  char text[FILE_MAX_BYTES + 1];
  size_t size, from = 0;
  uint64_t number = 0;
  place in_site = {{0}}, in_rack = {{0}};
  FILE *file = fopen(me->file, "re");
  if (!file) {
    if (errno == ENOENT && !me->file_wanted) return SY_OK;
    return bad_file(me, error, strerror(errno), 0);
  }
  size = fread(text, 1, sizeof text, file);
  if (ferror(file)) {
    fclose(file);
    return bad_file(me, error, "cannot be read", 0);
  }
  fclose(file);
  if (size > FILE_MAX_BYTES) return bad_file(me, error, "at most 4096 bytes are accepted", 0);
  while (from < size) {
    const char *line = text + from, *end = (const char *)memchr(line, '\n', size - from), *equals, *value;
    size_t n = end ? (size_t)(end - line) : size - from, key;
    from += n + 1;
    number++;
    n = trimmed(&line, n);
    if (n == 0 || *line == '#') continue;
    equals = (const char *)memchr(line, '=', n);
    if (!equals) return bad_file(me, error, "site=NAME or rack=NAME is accepted", number);
    value = equals + 1;
    key = trimmed(&line, (size_t)(equals - line));
    n = trimmed(&value, n - (size_t)(value - line));
    if (key != 4 || (memcmp(line, "site", 4) != 0 && memcmp(line, "rack", 4) != 0))
      return bad_file(me, error, "site=NAME or rack=NAME is accepted", number);
    if (!take(memcmp(line, "site", 4) == 0 ? &in_site : &in_rack, value, n))
      return bad_file(me, error, "a name of 1 to 64 letters, digits, '.', '_' or '-' is accepted", number);
  }
  if (!where->name[0]) *where = in_site;
  if (!rack->name[0]) *rack = in_rack;
  return SY_OK;
}

static sy_status collect(void *self, int64_t now_ns, const sy_sink *sink, sy_error *error) {
  const site *me = (const site *)self;
  place where = me->site, rack = me->rack;
  (void)now_ns;
  if (!where.name[0] || !rack.name[0]) {
    sy_status status = read_file(me, &where, &rack, error);
    if (status != SY_OK) return status;
  }
  if (where.name[0]) sink->text(sink->ctx, "site", sy_text(where.name));
  if (rack.name[0]) sink->text(sink->ctx, "rack", sy_text(rack.name));
  return SY_OK;
}

/* ---- lifecycle ---- */

static const char name_accepted[] = "a name of 1 to 64 letters, digits, '.', '_' or '-'";

/* The configuration's, else the environment's; the environment is read here only, before there are other threads that
 * might change it. */
static void find(sy_config *c, place *p, const char *path, const char *variable) {
  const char *set = getenv(variable);
  if (sy_config_has(c, path)) {
    sy_str text = sy_config_text(c, path, "", NAME_MAX_BYTES, name_accepted);
    if (!take(p, text.ptr, text.len)) sy_config_refuse(c, path, name_accepted);
  } else if (c->status == SY_OK && set && set[0] && !take(p, set, strlen(set))) {
    sy_config_refuse(c, variable, name_accepted);
  }
}

static sy_status create(const sy_create *create, void **self, sy_error *error) {
  static const char path_accepted[] = "an absolute path of at most 500 bytes";
  sy_config c = sy_config_open(create, error);
  sy_str file;
  site *me = (site *)calloc(1, sizeof *me);
  if (!me) return sy_fail(error, SY_E_INTERNAL, "out of memory");
  sy_config_only(&c, "", "site,rack,file");
  find(&c, &me->site, "/site", "SWITCHYARD_SITE");
  find(&c, &me->rack, "/rack", "SWITCHYARD_RACK");
  me->file_wanted = sy_config_has(&c, "/file");
  file = sy_config_text(&c, "/file", FILE_DEFAULT, 500, path_accepted);
  if (file.ptr[0] != '/') sy_config_refuse(&c, "/file", path_accepted);
  if (c.status != SY_OK) {
    free(me);
    return c.status;
  }
  memcpy(me->file, file.ptr, file.len);
  *self = me;
  return SY_OK;
}

static void destroy(void *self) { free(self); }

/* ---- what this file offers ---- */

static const sy_metrics metrics = {sizeof metrics, 0, INT64_C(30000000000), collect};

static const void *get_extension(const char *id) { return strcmp(id, SY_EXT_METRICS) == 0 ? &metrics : NULL; }

#define NAME_SCHEMA "{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9._-]{1,64}$\",\"description\":"
static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"additionalProperties\":false,"
    "\"properties\":{"
    "\"site\":" NAME_SCHEMA "\"Datacenter, zone or room. Else SWITCHYARD_SITE, else the file's site=.\"},"
    "\"rack\":" NAME_SCHEMA "\"Rack. Else SWITCHYARD_RACK, else the file's rack=.\"},"
    "\"file\":{\"type\":\"string\",\"pattern\":\"^/\",\"maxLength\":500,\"default\":\"" FILE_DEFAULT "\","
    "\"description\":\"Lines site=NAME and rack=NAME, read at each collect.\"}}}";

static const sy_plugin plugin = {
    .size = sizeof plugin,
    .abi_minor = SY_ABI_MINOR,
    .flags = SY_F_UNLOADABLE,
    .id = "switchyard.site",
    .name = "Site and rack",
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
