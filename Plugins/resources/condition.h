/* A condition on a metric, as people write it: "cpu < 0.8", "mem.free >= 2 GiB", "disk.used.root <= 90 %".
 *
 * Numbers are decimal, independent of the locale. Units multiply: % is a hundredth; kB, MB, GB, TB, PB are powers of
 * 1000; KiB, MiB, GiB, TiB, PiB of 1024; B is 1. Each word of the text is taken whole or the text is refused. */
#ifndef CONDITION_H
#define CONDITION_H
#include <math.h>
#include <switchyard/text.h>

/* Which outcomes of comparing a value with the limit are accepted. */
enum { LESS = 1, EQUAL = 2, MORE = 4 };

typedef struct condition {
  uint32_t accepts;
  float limit; /* as columns hold it: what is equal there is equal here */
} condition;

typedef struct unit {
  const char *name;
  double factor;
} unit;

static const unit units[] = {
    {"", 1},      {"%", 0.01},  {"B", 1},          {"kB", 1e3},          {"MB", 1e6},          {"GB", 1e9},
    {"TB", 1e12}, {"PB", 1e15}, {"KiB", 1024},     {"MiB", 1048576},     {"GiB", 1073741824},  {"TiB", 1099511627776.},
    {"PiB", 1125899906842624.},
};

static inline sy_str after_blanks(sy_str s) {
  while (s.len > 0 && s.ptr[0] == ' ') { s.ptr++; s.len--; }
  return s;
}

static inline int is_digit(sy_str s, size_t at) { return at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9'; }

/* Takes a comparison off the text: its outcomes, or 0 if there is none. */
static inline uint32_t take_comparison(sy_str *s) {
  static const struct { const char *text; uint32_t accepts; } all[] = {
      {"<=", LESS | EQUAL}, {">=", MORE | EQUAL}, {"!=", LESS | MORE}, {"<", LESS}, {">", MORE}, {"=", EQUAL},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const size_t n = strlen(all[i].text);
    if (s->len < n || memcmp(s->ptr, all[i].text, n) != 0) continue;
    s->ptr += n;
    s->len -= n;
    return all[i].accepts;
  }
  return 0;
}

/* Takes a number off the text: [-] digits [. digits] [e [+-] digits]. 0 if there is none. */
static inline int take_number(sy_str *s, double *out) {
  size_t at = s->len > 0 && s->ptr[0] == '-';
  const int negative = at == 1;
  double n = 0, place = 1;
  int exponent = 0;
  if (!is_digit(*s, at)) return 0;
  for (; is_digit(*s, at); at++) n = n * 10 + (s->ptr[at] - '0');
  if (at < s->len && s->ptr[at] == '.' && is_digit(*s, at + 1))
    for (at++; is_digit(*s, at); at++) n += (place /= 10) * (s->ptr[at] - '0');
  if (at < s->len && (s->ptr[at] == 'e' || s->ptr[at] == 'E')) {
    size_t e = at + 1;
    const int down = e < s->len && s->ptr[e] == '-';
    if (e < s->len && (s->ptr[e] == '-' || s->ptr[e] == '+')) e++;
    if (!is_digit(*s, e)) return 0;
    for (; is_digit(*s, e); e++) exponent = exponent > 99 ? 100 : exponent * 10 + (s->ptr[e] - '0');
    for (int i = 0; i < exponent; i++) n = down ? n / 10 : n * 10;
    at = e;
  }
  *out = negative ? -n : n;
  s->ptr += at;
  s->len -= at;
  return 1;
}

/* Reads ">= 2 GiB", all of it; 0 if it is no condition. */
static inline int condition_read(sy_str text, condition *out) {
  double n;
  text = after_blanks(text);
  out->accepts = take_comparison(&text);
  text = after_blanks(text);
  if (out->accepts == 0 || !take_number(&text, &n)) return 0;
  text = after_blanks(text);
  while (text.len > 0 && text.ptr[text.len - 1] == ' ') text.len--;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (sy_same(text, sy_text(units[i].name))) {
      n *= units[i].factor;
      out->limit = (float)n;
      return n >= -1e30 && n <= 1e30; /* a float, and no infinity */
    }
  return 0;
}

/* Does it begin as a condition does? Then it is meant as one. */
static inline int condition_is_meant(sy_str text) {
  text = after_blanks(text);
  return take_comparison(&text) != 0;
}

/* Of a value that is known. */
static inline int condition_holds(condition c, float value) {
  return (value < c.limit && (c.accepts & LESS)) || (value == c.limit && (c.accepts & EQUAL)) ||
         (value > c.limit && (c.accepts & MORE));
}

/* A value as people read it, three digits of it; from 10,000 on in powers of 1024. */
static inline void put_value(sy_writer *w, float value) {
  static const char *const names[] = {"", " Ki", " Mi", " Gi", " Ti", " Pi", " Ei"};
  double n = value;
  uint32_t power = 0, digits = 0;
  uint64_t whole, fraction;
  if (n < 0) {
    sy_put(w, "-");
    n = -n;
  }
  while (n >= 10000 && power < 6) {
    n /= 1024;
    power++;
  }
  if (n > 1e15) {
    sy_put(w, "more than any unit");
    return;
  }
  digits = n < 1 ? 1000 : n < 10 ? 100 : n < 100 ? 10 : 1;
  whole = (uint64_t)(n * digits + 0.5);
  fraction = whole % digits;
  sy_put_count(w, whole / digits);
  if (fraction > 0) {
    sy_put(w, ".");
    for (uint32_t place = digits / 10; place > fraction; place /= 10) sy_put(w, "0");
    while (fraction % 10 == 0) fraction /= 10;
    sy_put_count(w, fraction);
  }
  sy_put(w, names[power]);
}
#endif
