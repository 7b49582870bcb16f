// switchyard.designated: a filter by who a worker is: its name, its tags, its labels. Some of it is the policy's, and
// some a job asks for by its own labels.
//
// What the policy asks is one byte a row, made when the view changes. What a job asks is, as a rule, one name or one
// value: then rows are compared by interned numbers. Lists and patterns are matched once in a generation and kept in a
// few columns, so that a decision costs one pass over bytes. No exceptions, no RTTI, nothing of the C++ library.

#include <stdlib.h>

#include "configuration.hpp"

namespace designated {
namespace {

// ---- the policy's part ----

sy_status update(Filter &me, sy_call &call) noexcept {
  const sy_nodes &nodes = *call.nodes;
  if (nodes.count > me.capacity) return sy_fail(call.error, SY_E_ARG, "more rows than seat_limit");
  if (me.built && me.generation == nodes.generation && me.rows == nodes.count) return SY_OK;
  memset(me.keep, 1, nodes.count);
  for (uint32_t i = 0; i < me.conditions; i++) {
    const Choice choice = me.condition[i].choice();
    const uint32_t *column = column_of(me, nodes, me.condition[i].subject);
    for (uint32_t r = 0; r < nodes.count; r++)
      if (me.keep[r] && !choice.takes(said(me, column, r))) me.keep[r] = 0;
  }
  for (uint32_t i = 0; i < me.tags; i++)
    for (uint32_t r = 0; r < nodes.count; r++)
      if (bears(nodes, me.tag[i], r) != me.tag[i].wanted) me.keep[r] = 0;
  me.rows = nodes.count;
  me.generation = nodes.generation;
  me.built = true;
  return SY_OK;
}

sy_status prepare(void *self, sy_call *call) { return update(*static_cast<Filter *>(self), *call); }

// ---- a job's part ----

/// Does the label ask for something here? Then for what of a node.
bool asks(const Filter &me, const sy_label &label, Subject &subject) noexcept {
  subject.key = label.key == me.key_worker ? 0 : label.key;
  subject.column = label.text_column;
  if (subject.key == 0) return true;
  for (uint32_t i = 0; i < me.job_labels; i++)
    if (me.job_label[i] == label.key) return true;
  return false;
}

/// A label that names nobody, as "w1,,w2", takes nobody: never is a job sent where it may not have been meant to go.
bool takes(const Choice &choice, sy_str text) noexcept { return choice.is_sound() && choice.takes(text); }

const uint8_t *matched(Filter &me, const sy_nodes &nodes, const sy_label &label, const Subject &subject) noexcept {
  for (uint32_t i = 0; i < me.matched_count; i++) {
    const Matched &m = me.matched[i];
    if (m.key == label.key && m.text == label.text && m.column == subject.column && m.generation == nodes.generation)
      return m.keep;
  }
  Matched &m = me.matched[me.oldest];
  me.oldest = (me.oldest + 1) % me.matched_count;
  const Choice choice(text_of(me, label.text));
  const uint32_t *column = column_of(me, nodes, subject);
  for (uint32_t r = 0; r < nodes.count; r++) m.keep[r] = takes(choice, said(me, column, r));
  m.key = label.key;
  m.text = label.text;
  m.column = subject.column;
  m.generation = nodes.generation;
  return m.keep;
}

void only_equal(uint8_t *keep, const uint32_t *column, uint32_t text, uint32_t n) noexcept {
  for (uint32_t r = 0; r < n; r++) keep[r] = static_cast<uint8_t>(keep[r] & (column[r] == text));
}

void only(uint8_t *keep, const uint8_t *mask, uint32_t n) noexcept {
  for (uint32_t r = 0; r < n; r++) keep[r] &= mask[r];
}

void filter_job(Filter &me, const sy_nodes &nodes, const sy_job &job, uint8_t *keep) noexcept {
  if (me.conditions > 0 || me.tags > 0) only(keep, me.keep, me.rows);
  for (size_t i = 0; i < job.label_count; i++) {
    const sy_label &label = job.labels[i];
    Subject subject;
    if (!asks(me, label, subject)) continue;
    const uint32_t *column = column_of(me, nodes, subject);
    if (label.text && column && Choice(text_of(me, label.text)).is_plain()) only_equal(keep, column, label.text, me.rows);
    else only(keep, matched(me, nodes, label, subject), me.rows);
  }
}

sy_status filter(void *self, sy_call *call, uint8_t *keep, size_t stride) {
  Filter &me = *static_cast<Filter *>(self);
  sy_status status = update(me, *call);
  if (status != SY_OK) return status;
  for (size_t j = 0; j < call->job_count; j++) filter_job(me, *call->nodes, *call->jobs[j], keep + j * stride);
  return SY_OK;
}

// ---- why not? ----

void put_refusal(const Filter &me, const Subject &subject, sy_str is, sy_str wanted, const char *who, sy_writer &w) {
  if (subject.key == 0) {
    sy_put(&w, "worker ");
    sy_put_str(&w, is);
    sy_put(&w, " is not one of ");
  } else {
    sy_put(&w, "label ");
    sy_put_str(&w, text_of(me, subject.key));
    if (is.len > 0) {
      sy_put(&w, " is ");
      sy_put_str(&w, is);
    } else {
      sy_put(&w, " is missing");
    }
    sy_put(&w, ", not ");
  }
  if (wanted.len > 0) sy_put_str(&w, wanted);
  else sy_put(&w, "(nothing)");
  sy_put(&w, who);
}

void explain(void *self, sy_call *call, uint32_t row, sy_error *why) {
  Filter &me = *static_cast<Filter *>(self);
  sy_writer w = sy_writer_on(why);
  const sy_nodes &nodes = *call->nodes;
  if (call->job_count < 1 || update(me, *call) != SY_OK || row >= nodes.count) return;
  for (uint32_t i = 0; i < me.conditions; i++) {
    const Condition &c = me.condition[i];
    const sy_str is = said(me, column_of(me, nodes, c.subject), row), wanted = {c.text, c.length};
    if (!c.choice().takes(is)) return put_refusal(me, c.subject, is, wanted, ", says the policy", w);
  }
  for (uint32_t i = 0; i < me.tags; i++)
    if (bears(nodes, me.tag[i], row) != me.tag[i].wanted) {
      sy_put(&w, me.tag[i].wanted ? "lacks tag " : "bears tag ");
      sy_put(&w, me.tag[i].name);
      return sy_put(&w, ", says the policy");
    }
  const sy_job &job = *call->jobs[0];
  for (size_t i = 0; i < job.label_count; i++) {
    Subject subject;
    if (!asks(me, job.labels[i], subject)) continue;
    const sy_str is = said(me, column_of(me, nodes, subject), row), wanted = text_of(me, job.labels[i].text);
    const Choice choice(wanted);
    if (!choice.is_sound()) {
      sy_put(&w, "the job's label ");
      sy_put_str(&w, text_of(me, job.labels[i].key));
      return sy_put(&w, " names nobody; as \"w1\", \"w1,w2\", \"build-*\" or \"!w3\" it would");
    }
    if (!choice.takes(is)) return put_refusal(me, subject, is, wanted, ", says the job", w);
  }
}

// ---- lifecycle ----

void destroy(void *self) {
  Filter *me = static_cast<Filter *>(self);
  if (!me) return;
  free(me->keep);
  free(me->matched);
  free(me);
}

/// As many columns as a few megabytes hold, for what jobs ask in lists and patterns.
bool make_columns(Filter &me, uint32_t seats) noexcept {
  const size_t stride = (static_cast<size_t>(seats) | 63) + 1, fitting = (4u << 20) / stride;
  me.capacity = seats;
  me.matched_count = fitting > 64 ? 64 : fitting < 4 ? 4 : static_cast<uint32_t>(fitting);
  me.matched = static_cast<Matched *>(calloc(me.matched_count, sizeof(Matched)));
  me.keep = static_cast<uint8_t *>(calloc(me.matched_count + 1, stride)); // pages that are not used cost nothing
  if (!me.matched || !me.keep) return false;
  for (uint32_t i = 0; i < me.matched_count; i++) me.matched[i].keep = me.keep + (i + 1) * stride;
  return true;
}

sy_status create(const sy_create *create, void **self, sy_error *error) {
  sy_config c = sy_config_open(create, error);
  if (c.status != SY_OK) return c.status;
  Filter *me = static_cast<Filter *>(calloc(1, sizeof *me));
  if (!me) return sy_fail(error, SY_E_INTERNAL, "out of memory");
  const sy_host *host = me->host = create->host;
  me->key_worker = host->intern(host->ctx, sy_text("designated.worker"));
  me->key_site = host->intern(host->ctx, sy_text("site"));
  me->key_rack = host->intern(host->ctx, sy_text("rack"));
  me->key_version = host->intern(host->ctx, sy_text("version"));
  configure(*me, c);
  if (c.status == SY_OK && !make_columns(*me, create->seat_limit))
    c.status = sy_fail(error, SY_E_INTERNAL, "out of memory");
  if (c.status != SY_OK) {
    destroy(me);
    return c.status;
  }
  *self = me;
  return SY_OK;
}

// ---- what this file offers ----

const sy_filter filter_extension = {sizeof filter_extension, 0, filter, explain};
const sy_prepare prepare_extension = {sizeof prepare_extension, 0, 0, prepare};

const void *get_extension(const char *id) {
  if (strcmp(id, SY_EXT_FILTER) == 0) return &filter_extension;
  if (strcmp(id, SY_EXT_PREPARE) == 0) return &prepare_extension;
  return nullptr;
}

const char schema[] =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,)"
    R"("$defs":{"choice":{"type":"string","minLength":1,"maxLength":1023}},"properties":{)"
    R"("workers":{"$ref":"#/$defs/choice","description":"Names of workers: w1,w2 or build-* or !w3."},)"
    R"("tags":{"type":"array","maxItems":32,"items":{"type":"string","minLength":1,"maxLength":65},)"
    R"("description":"Tags that a worker must bear, or with ! in front must not."},)"
    R"("labels":{"type":"object","maxProperties":31,"additionalProperties":{"$ref":"#/$defs/choice"},)"
    R"("description":"Labels and metrics in text that a worker must say: zone: a,b."},)"
    R"("job_labels":{"type":"array","maxItems":32,"items":{"type":"string","minLength":1,"maxLength":64},)"
    R"("description":"Labels of a job that its workers must meet."}}})";

const sy_plugin plugin = {
    sizeof plugin,                              // size
    SY_ABI_MINOR,                               // abi_minor
    SY_F_UNLOADABLE | SY_F_DETERMINISTIC,       // flags
    "switchyard.designated",                    // id
    "Designated: by name, tags, labels",        // name
    "0.1.0",                                    // version
    "Switchyard",                               // vendor
    "Apache-2.0",                               // license
    schema,                                     // config_schema
    create,                                     // create
    nullptr,                                    // activate
    nullptr,                                    // deactivate
    destroy,                                    // destroy
    get_extension,                              // get_extension
    nullptr,                                    // shutdown
    nullptr,                                    // next
};

} // namespace
} // namespace designated

const sy_plugin *switchyard_plugin_v1(const sy_host *) { return &designated::plugin; }
