// What the policy says, read once, in create(). Columns are subscribed to here, and nowhere else.
#ifndef CONFIGURATION_HPP
#define CONFIGURATION_HPP
#include <switchyard/config.h>

#include "filter.hpp"

namespace designated {
namespace { // one file includes this, and nothing of it is to be exported

const char choice_accepted[] = "a choice as \"w1\", \"w1,w2\", \"build-*\", \"!w3\", \"*\" or \"!*\" of at most 1023 bytes";

void read_choice(Filter &me, sy_config &c, const char *path, const Subject &subject) noexcept {
  const sy_str text = sy_config_text(&c, path, "", max_text - 1, choice_accepted);
  if (c.status != SY_OK || text.len == 0) return sy_config_refuse(&c, path, choice_accepted); // null, in an object
  if (!Choice(text).is_sound()) return sy_config_refuse(&c, path, choice_accepted);
  Condition &made = me.condition[me.conditions++];
  made.subject = subject;
  made.length = text.len;
  memcpy(made.text, text.ptr, text.len);
}

/// The number of a label's key; and its column, if it is not one of the view's own.
bool read_subject(Filter &me, sy_config &c, const char *path, sy_str key, Subject &subject) noexcept {
  char name[65];
  subject.key = me.host->intern(me.host->ctx, key);
  subject.column = SY_NIL;
  if (subject.key == me.key_site || subject.key == me.key_rack || subject.key == me.key_version) return subject.key != 0;
  if (key.len > 0 && key.len < sizeof name) {
    memcpy(name, key.ptr, key.len);
    name[key.len] = 0;
    subject.column = me.host->column(me.host->ctx, SY_TEXT, name);
  }
  if (subject.key != 0 && subject.column != SY_NIL) return true;
  sy_config_refuse(&c, path, "a label's key of 1 to 64 of a-z, 0-9, '.', '_' or '-', and not too many different ones,");
  return false;
}

void read_labels(Filter &me, sy_config &c) noexcept {
  const uint32_t n = sy_config_count(&c, "/labels", SY_OBJECT, max_conditions - 1, "an object of at most 31 choices by label");
  for (uint32_t i = 0; i < n && c.status == SY_OK; i++) {
    char path[SY_CONFIG_PATH];
    sy_str key;
    Subject subject;
    if (!sy_config_member(&c, "/labels", i, path, &key)) return;
    if (read_subject(me, c, path, key, subject)) read_choice(me, c, path, subject);
  }
}

void read_job_labels(Filter &me, sy_config &c) noexcept {
  static const char accepted[] = "a list of at most 32 keys of labels";
  const uint32_t n = sy_config_count(&c, "/job_labels", SY_LIST, max_conditions, accepted);
  for (uint32_t i = 0; i < n && c.status == SY_OK; i++) {
    char path[SY_CONFIG_PATH];
    Subject subject;
    if (!sy_config_member(&c, "/job_labels", i, path, nullptr)) return;
    const sy_str key = sy_config_text(&c, path, "", 64, "a label's key of 1 to 64 bytes");
    if (c.status == SY_OK && read_subject(me, c, path, key, subject)) me.job_label[me.job_labels++] = subject.key;
  }
}

void read_tags(Filter &me, sy_config &c) noexcept {
  static const char accepted[] = "a tag as \"gpu\" or \"!spot\", 1 to 64 of a-z, 0-9, '.', '_' or '-',";
  const uint32_t n = sy_config_count(&c, "/tags", SY_LIST, max_conditions, "a list of at most 32 tags");
  for (uint32_t i = 0; i < n && c.status == SY_OK; i++) {
    char path[SY_CONFIG_PATH];
    if (!sy_config_member(&c, "/tags", i, path, nullptr)) return;
    const sy_str text = sy_config_text(&c, path, "", 65, accepted);
    if (c.status != SY_OK) return;
    Tag &tag = me.tag[me.tags++];
    tag.wanted = !(text.len > 0 && text.ptr[0] == '!');
    const size_t skip = tag.wanted ? 0 : 1;
    memcpy(tag.name, text.ptr + skip, text.len - skip);
    tag.column = me.host->column(me.host->ctx, SY_BOOL, tag.name);
    if (tag.column == SY_NIL) return sy_config_refuse(&c, path, accepted);
  }
}

void configure(Filter &me, sy_config &c) noexcept {
  const Subject name = {0, SY_NIL};
  sy_config_only(&c, "", "workers,tags,labels,job_labels");
  if (sy_config_has(&c, "/workers")) read_choice(me, c, "/workers", name);
  read_tags(me, c);
  read_labels(me, c);
  read_job_labels(me, c);
}

} // namespace
} // namespace designated
#endif
