// A choice among texts, as people write it: "w1,w2" (one of these), "build-*" (a pattern: * any text, ? any character),
// "!w3,w4" (none of these), "*" (any, but there must be one), "!*" (there must be none).
//
// Texts are compared whole: "a1" is not "a10". Nothing is copied: a choice points into the text that it was read from.
#ifndef CHOICE_HPP
#define CHOICE_HPP
#include <switchyard/plugin.h>

namespace designated {
namespace { // one file includes this, and nothing of it is to be exported

/// Does the text match the pattern, from beginning to end? Without recursion: on a mismatch the last * takes one more.
inline bool matches(sy_str pattern, sy_str text) noexcept {
  size_t p = 0, t = 0, star = 0, from = 0;
  bool starred = false;
  while (t < text.len) {
    if (p < pattern.len && pattern.ptr[p] == '*') {
      starred = true;
      star = ++p;
      from = t;
    } else if (p < pattern.len && (pattern.ptr[p] == '?' || pattern.ptr[p] == text.ptr[t])) {
      p++;
      t++;
    } else if (starred) {
      p = star;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.len && pattern.ptr[p] == '*') p++;
  return p == pattern.len;
}

class Choice {
 public:
  explicit Choice(sy_str text) noexcept : text_(trimmed(text)), negated_(false), whole_(text_.len == text.len) {
    if (text_.len > 0 && text_.ptr[0] == '!') {
      negated_ = true;
      text_ = trimmed(from(text_, 1));
    }
  }

  /// "w1,,w2", "!" and "" name nobody where somebody must be named.
  bool is_sound() const noexcept {
    sy_str rest = text_;
    do
      if (next(rest).len == 0) return false;
    while (rest.ptr);
    return true;
  }

  /// One text, as it stands, to be equal to: then comparing numbers does.
  bool is_plain() const noexcept {
    if (negated_ || !whole_) return false;
    for (size_t i = 0; i < text_.len; i++)
      if (text_.ptr[i] == ',' || text_.ptr[i] == '*' || text_.ptr[i] == '?') return false;
    return true;
  }

  /// Is the text chosen? An empty one, which is that of a node that does not say, is chosen only by what is negated.
  bool takes(sy_str text) const noexcept {
    sy_str rest = text_;
    bool found = false;
    if (text.len > 0) do
        found = matches(next(rest), text);
      while (!found && rest.ptr);
    return found != negated_;
  }

 private:
  sy_str text_;
  bool negated_;
  bool whole_; // there were no blanks around it

  static sy_str from(sy_str text, size_t at) noexcept {
    sy_str rest = {text.ptr + at, text.len - at};
    return rest;
  }

  static sy_str trimmed(sy_str text) noexcept {
    while (text.len > 0 && text.ptr[0] == ' ') text = from(text, 1);
    while (text.len > 0 && text.ptr[text.len - 1] == ' ') text.len--;
    return text;
  }

  /// Takes the first item off; `rest.ptr` is NULL after the last.
  static sy_str next(sy_str &rest) noexcept {
    size_t n = 0;
    while (n < rest.len && rest.ptr[n] != ',') n++;
    sy_str item = {rest.ptr, n};
    if (n == rest.len) rest.ptr = nullptr;
    else rest = from(rest, n + 1);
    return trimmed(item);
  }
};

} // namespace
} // namespace designated
#endif
