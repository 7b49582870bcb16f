/* switchyard.resources: a filter by what a worker has left: CPU, memory, disk, or any metric that its metrics
 * strategies report. Conditions are the policy's, and a job's by its labels.
 *
 * A condition is one pass over one column. What nobody reports is unknown, and unknown is no "yes": it is refused unless
 * the policy says otherwise. The host makes old values unknown, so there is no clock here. */
#include <stdlib.h>
#include <switchyard/config.h>

#include "condition.h"

enum { MAX_RULES = 32, MAX_NAME = 64, MAX_TEXT = 256 };

/* A condition of the policy. */
typedef struct rule {
  uint32_t key, column; /* the metric's name, interned, and its numbers */
  condition is;
  char text[MAX_TEXT]; /* of the condition, as it was written */
} rule;

typedef struct resources {
  const sy_host *host;
  rule rules[MAX_RULES];
  uint32_t rule_count;
  int accepts_unknown;
  int heeds_jobs;
} resources;

static sy_str text_of(const resources *me, uint32_t interned) { return me->host->text_of(me->host->ctx, interned); }

/* ---- deciding ---- */

static const float *column_of(const sy_nodes *nodes, uint32_t column) {
  return column < nodes->number_count ? nodes->number[column] : NULL;
}

/* One comparison a row, in loops of their own, so that compilers use vector instructions. Unknown is NaN, for which every
 * comparison is false: where unknown is accepted, what is not accepted is compared. */
static void only(uint8_t *keep, const float *value, condition is, int accepts_unknown, uint32_t n) {
  const float limit = is.limit;
  if (!value) {
    if (!accepts_unknown) memset(keep, 0, n);
    return;
  }
#define EACH(outcomes, known, unless)                                             \
  case outcomes:                                                                  \
    if (accepts_unknown)                                                          \
      for (uint32_t r = 0; r < n; r++) keep[r] &= (uint8_t)!(value[r] unless limit); \
    else                                                                          \
      for (uint32_t r = 0; r < n; r++) keep[r] &= (uint8_t)(value[r] known limit);   \
    break
  switch (is.accepts) {
    EACH(LESS, <, >=);
    EACH(LESS | EQUAL, <=, >);
    EACH(MORE, >, <=);
    EACH(MORE | EQUAL, >=, <);
  case EQUAL:
    for (uint32_t r = 0; r < n; r++)
      keep[r] &= (uint8_t)((value[r] == limit) | ((value[r] != value[r]) & accepts_unknown));
    break;
  default: /* not equal */
    for (uint32_t r = 0; r < n; r++)
      keep[r] &= (uint8_t)((value[r] < limit) | (value[r] > limit) | ((value[r] != value[r]) & accepts_unknown));
  }
#undef EACH
}

/* Is the label a condition? One that cannot be read is one too, which nobody meets. */
static int asks(const resources *me, const sy_label *label) {
  return me->heeds_jobs && condition_is_meant(text_of(me, label->text));
}

/* A job's condition on a metric takes the place of the policy's. */
static int is_replaced(const resources *me, const sy_job *job, uint32_t key) {
  for (size_t i = 0; i < job->label_count; i++)
    if (job->labels[i].key == key && asks(me, &job->labels[i])) return 1;
  return 0;
}

static void filter_job(const resources *me, const sy_nodes *nodes, const sy_job *job, uint8_t *keep) {
  for (uint32_t i = 0; i < me->rule_count; i++)
    if (!is_replaced(me, job, me->rules[i].key))
      only(keep, column_of(nodes, me->rules[i].column), me->rules[i].is, me->accepts_unknown, nodes->count);
  for (size_t i = 0; i < job->label_count; i++) {
    condition is;
    if (!asks(me, &job->labels[i])) continue;
    if (condition_read(text_of(me, job->labels[i].text), &is))
      only(keep, column_of(nodes, job->labels[i].number_column), is, me->accepts_unknown, nodes->count);
    else memset(keep, 0, nodes->count);
  }
}

static sy_status filter(void *self, sy_call *call, uint8_t *keep, size_t stride) {
  for (size_t j = 0; j < call->job_count; j++)
    filter_job((const resources *)self, call->nodes, call->jobs[j], keep + j * stride);
  return SY_OK;
}

/* ---- why not? ---- */

/* Says why the value is not enough; 0 if it is. */
static int put_refusal(const resources *me, const sy_nodes *nodes, uint32_t row, uint32_t key, uint32_t column,
                       condition is, sy_str wanted, const char *who, sy_writer *w) {
  const float *value = column_of(nodes, column);
  const int known = value && value[row] == value[row];
  if (known ? condition_holds(is, value[row]) : me->accepts_unknown) return 0;
  sy_put_str(w, text_of(me, key));
  if (known) {
    sy_put(w, " is ");
    put_value(w, value[row]);
  } else {
    sy_put(w, " is unknown");
  }
  sy_put(w, who);
  sy_put_str(w, after_blanks(wanted));
  return 1;
}

static void explain(void *self, sy_call *call, uint32_t row, sy_error *why) {
  const resources *me = (const resources *)self;
  const sy_nodes *nodes = call->nodes;
  const sy_job *job;
  sy_writer w = sy_writer_on(why);
  if (call->job_count < 1 || row >= nodes->count) return;
  job = call->jobs[0];
  for (uint32_t i = 0; i < me->rule_count; i++) {
    const rule *r = &me->rules[i];
    if (is_replaced(me, job, r->key)) continue;
    if (put_refusal(me, nodes, row, r->key, r->column, r->is, sy_text(r->text), "; the policy asks for ", &w)) return;
  }
  for (size_t i = 0; i < job->label_count; i++) {
    const sy_label *l = &job->labels[i];
    condition is;
    if (!asks(me, l)) continue;
    if (!condition_read(text_of(me, l->text), &is)) {
      sy_put(&w, "the job's label ");
      sy_put_str(&w, text_of(me, l->key));
      sy_put(&w, " is no condition: ");
      sy_put_str(&w, text_of(me, l->text));
      sy_put(&w, "; as >= 2 GiB or < 80 % it would be");
      return;
    }
    if (put_refusal(me, nodes, row, l->key, l->number_column, is, text_of(me, l->text), "; the job asks for ", &w))
      return;
  }
}

/* ---- lifecycle ---- */

static const char accepted[] =
    "a condition as \"cpu < 0.8\" or \"mem.free >= 2 GiB\", a metric of 1 to 64 of a-z, 0-9, '.', '_' or '-', then "
    "<, <=, >, >=, = or !=, a number, and %, B, kB .. PB or KiB .. PiB if need be,";

/* Reads "NAME OP NUMBER UNIT". */
static void read_rule(resources *me, sy_config *c, const char *path) {
  sy_str text = after_blanks(sy_config_text(c, path, "", MAX_TEXT - 1, accepted));
  char name[MAX_NAME + 1] = "";
  rule *made = &me->rules[me->rule_count];
  size_t n = 0;
  if (c->status != SY_OK) return;
  while (n < text.len && !memchr(" <>=!", text.ptr[n], 5)) n++;
  if (n == 0 || n > MAX_NAME) {
    sy_config_refuse(c, path, accepted);
    return;
  }
  memcpy(name, text.ptr, n);
  text.ptr += n;
  text.len -= n;
  text = after_blanks(text);
  if (!condition_read(text, &made->is)) {
    sy_config_refuse(c, path, accepted);
    return;
  }
  memcpy(made->text, text.ptr, text.len);
  made->key = me->host->intern(me->host->ctx, sy_text(name));
  made->column = me->host->column(me->host->ctx, SY_NUMBER, name);
  if (made->key == 0 || made->column == SY_NIL) sy_config_refuse(c, path, accepted);
  me->rule_count++;
}

static void configure(resources *me, sy_config *c) {
  static const char unknown_accepted[] = "\"refuse\" or \"accept\"";
  uint32_t rules;
  sy_str unknown;
  sy_config_only(c, "", "require,job_labels,unknown");
  rules = sy_config_count(c, "/require", SY_LIST, MAX_RULES, "a list of at most 32 conditions");
  for (uint32_t i = 0; i < rules && c->status == SY_OK; i++) {
    char at[SY_CONFIG_PATH];
    if (sy_config_member(c, "/require", i, at, NULL)) read_rule(me, c, at);
  }
  me->heeds_jobs = sy_config_bool(c, "/job_labels", 1);
  unknown = sy_config_text(c, "/unknown", "refuse", 16, unknown_accepted);
  me->accepts_unknown = sy_same(unknown, sy_text("accept"));
  if (!me->accepts_unknown && !sy_same(unknown, sy_text("refuse"))) sy_config_refuse(c, "/unknown", unknown_accepted);
}

static sy_status create(const sy_create *create, void **self, sy_error *error) {
  sy_config c = sy_config_open(create, error);
  resources *me;
  if (c.status != SY_OK) return c.status;
  me = (resources *)calloc(1, sizeof *me);
  if (!me) return sy_fail(error, SY_E_INTERNAL, "out of memory");
  me->host = create->host;
  configure(me, &c);
  if (c.status != SY_OK) {
    free(me);
    return c.status;
  }
  *self = me;
  return SY_OK;
}

static void destroy(void *self) { free(self); }

/* ---- what this file offers ---- */

static const sy_filter filters = {sizeof filters, 0, filter, explain};

static const void *get_extension(const char *id) { return strcmp(id, SY_EXT_FILTER) == 0 ? &filters : NULL; }

static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"additionalProperties\":false,"
    "\"properties\":{"
    "\"require\":{\"type\":\"array\",\"maxItems\":32,\"items\":{\"type\":\"string\",\"minLength\":3,\"maxLength\":255},"
    "\"description\":\"Conditions that a worker must meet: cpu < 0.8, mem.free >= 2 GiB.\"},"
    "\"job_labels\":{\"type\":\"boolean\",\"default\":true,"
    "\"description\":\"Heed labels of jobs that are conditions: mem.free: >= 4 GiB.\"},"
    "\"unknown\":{\"enum\":[\"refuse\",\"accept\"],\"default\":\"refuse\","
    "\"description\":\"What becomes of workers that do not report the metric.\"}}}";

static const sy_plugin plugin = {
    .size = sizeof plugin,
    .abi_minor = SY_ABI_MINOR,
    .flags = SY_F_UNLOADABLE | SY_F_DETERMINISTIC,
    .id = "switchyard.resources",
    .name = "Resources: CPU, memory, disk, any metric",
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
