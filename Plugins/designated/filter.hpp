// What the filter holds, and what a node says of itself.
#ifndef FILTER_HPP
#define FILTER_HPP
#include "choice.hpp"

namespace designated {
namespace { // one file includes this, and nothing of it is to be exported

enum : uint32_t { max_conditions = 32, max_text = 1024 };

/// Which text of a node is meant.
struct Subject {
  uint32_t key;    // interned: the label's key; 0: the node's name
  uint32_t column; // of the label, or SY_NIL for those of the view itself
};

/// The policy's: the subject's text must be chosen.
struct Condition {
  Subject subject;
  char text[max_text];
  size_t length;

  Choice choice() const noexcept {
    sy_str s = {text, length};
    return Choice(s);
  }
};

struct Tag {
  uint32_t column;
  bool wanted;
  char name[80];
};

/// What a job asked for in lists or patterns, matched against all rows of a generation.
struct Matched {
  uint32_t key, text; // interned; key 0: free
  uint32_t column;
  uint64_t generation;
  uint8_t *keep; // by row, padded to 64
};

struct Filter {
  const sy_host *host;
  Condition condition[max_conditions];
  uint32_t conditions;
  Tag tag[max_conditions];
  uint32_t tags;
  uint32_t job_label[max_conditions]; // interned keys of labels that a job's workers must meet
  uint32_t job_labels;
  uint32_t key_worker, key_site, key_rack, key_version; // interned
  uint32_t capacity;
  // derived from the view
  uint8_t *keep; // by row, padded to 64: what the policy says
  uint32_t rows;
  uint64_t generation;
  bool built;
  Matched *matched;
  uint32_t matched_count, oldest;
};

// ---- what a node says ----

/// The column of interned texts that is meant, or nullptr: nobody says it.
const uint32_t *column_of(const Filter &me, const sy_nodes &nodes, const Subject &subject) noexcept {
  if (subject.key == 0) return nodes.name;
  if (subject.key == me.key_site) return nodes.site;
  if (subject.key == me.key_rack) return nodes.rack;
  if (subject.key == me.key_version) return nodes.version;
  return subject.column < nodes.text_count ? nodes.text[subject.column] : nullptr;
}

sy_str text_of(const Filter &me, uint32_t interned) noexcept { return me.host->text_of(me.host->ctx, interned); }

sy_str said(const Filter &me, const uint32_t *column, uint32_t row) noexcept {
  return text_of(me, column ? column[row] : 0);
}

bool bears(const sy_nodes &nodes, const Tag &tag, uint32_t row) noexcept {
  return tag.column < nodes.tag_count && nodes.tag[tag.column] && nodes.tag[tag.column][row];
}

} // namespace
} // namespace designated
#endif
