/* Smooth weighted round robin over rows.
 *
 * The rule is nginx's (commit 52327e0, "Upstream: smooth weighted round-robin balancing", 2012): at each pick
 * everybody who may be picked gains its weight, the highest wins, and pays the sum of all these weights. With
 * weights 5, 1, 1 that gives a a b a c a a, not a a a a a b c. Equals: the lowest row.
 *
 * A plain scan touches each row at each pick. Here nobody is touched but the winner: after t picks a row stands on the
 * line key + t * gain. Rows lie in blocks of 64; a block knows which of its lines is on top, and until when, that is
 * when the first steeper one crosses it (a kinetic tournament: Basch, Guibas, Hershberger, Data structures for mobile
 * data, SODA 1997). A pick then looks at the blocks, and only at the rows of those whose time has come: at 10,000 rows
 * some 200 steps instead of 10,000. The results are those of the plain scan. */
#ifndef SMOOTH_H
#define SMOOTH_H
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SMOOTH_BLOCK = 64 };
#define SMOOTH_NOBODY 0xFFFFFFFFu
#define SMOOTH_TURN 1048576.0 /* lines are drawn anew after so many picks, so that sums stay exact */

typedef struct smooth {
  /* by row */
  double *current; /* nginx's current_weight; of those in the game as it was when they came in */
  double *weight;  /* >= 0 */
  double *key, *gain; /* in the game: the line. Out: -infinity, 0 */
  uint8_t *some;   /* weight > 0 */
  uint8_t *in;     /* in the game */
  /* by block: the line on top, and for which t it is */
  double *top_key, *top_gain, *until;
  uint32_t *top_row;

  uint32_t count, blocks; /* rows, and blocks of them */
  uint32_t players;
  double total; /* of the gains of all in the game */
  double picks; /* t */
  int equal;    /* weights do not count: everybody gains 1 */
} smooth;

/* Arrays for up to `rows` rows; 0 if there is no memory. */
static inline int smooth_create(smooth *s, uint32_t rows) {
  size_t blocks = ((size_t)rows + SMOOTH_BLOCK - 1) / SMOOTH_BLOCK, n;
  double *d;
  memset(s, 0, sizeof *s);
  if (blocks == 0) blocks = 1;
  n = blocks * SMOOTH_BLOCK;
  s->current = d = (double *)calloc(4 * n + 3 * blocks, sizeof *d);
  s->some = (uint8_t *)calloc(2 * n, 1);
  s->top_row = (uint32_t *)calloc(blocks, sizeof *s->top_row);
  if (!d || !s->some || !s->top_row) return 0;
  s->weight = d + n;
  s->key = d + 2 * n;
  s->gain = d + 3 * n;
  s->top_key = d + 4 * n;
  s->top_gain = s->top_key + blocks;
  s->until = s->top_gain + blocks;
  s->in = s->some + n;
  return 1;
}

static inline void smooth_destroy(smooth *s) {
  free(s->current);
  free(s->some);
  free(s->top_row);
}

/* Which line of the block is on top at t, and until when? */
static inline void smooth_settle(smooth *s, uint32_t b, double t) {
  const size_t first = (size_t)b * SMOOTH_BLOCK;
  const double *key = s->key + first, *gain = s->gain + first;
  double now[SMOOTH_BLOCK], top[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
  double until[4] = {INFINITY, INFINITY, INFINITY, INFINITY}, best, slope;
  uint32_t i, k;
  /* four at a time, so that compilers use vector instructions */
  for (i = 0; i < SMOOTH_BLOCK; i += 4)
    for (k = 0; k < 4; k++) {
      now[i + k] = key[i + k] + t * gain[i + k];
      top[k] = now[i + k] > top[k] ? now[i + k] : top[k];
    }
  top[0] = top[1] > top[0] ? top[1] : top[0];
  top[2] = top[3] > top[2] ? top[3] : top[2];
  best = top[2] > top[0] ? top[2] : top[0];
  for (i = 0; i + 1 < SMOOTH_BLOCK && now[i] < best; i++) {}
  s->top_row[b] = (uint32_t)first + i;
  s->top_key[b] = key[i];
  s->top_gain[b] = slope = gain[i];
  for (i = 0; i < SMOOTH_BLOCK; i += 4)
    for (k = 0; k < 4; k++) {
      double steeper = gain[i + k] - slope, cross = (best - now[i + k]) / steeper;
      cross = steeper > 0 ? cross : INFINITY;
      until[k] = cross < until[k] ? cross : until[k];
    }
  until[0] = until[1] < until[0] ? until[1] : until[0];
  until[2] = until[3] < until[2] ? until[3] : until[2];
  /* A little early: rounding must not make it late. Early costs another look. */
  s->until[b] = t + (until[2] < until[0] ? until[2] : until[0]) * (1 - 1e-9);
}

static inline void smooth_come(smooth *s, size_t row) {
  s->gain[row] = s->equal ? 1 : s->weight[row];
  s->key[row] = s->current[row] - s->picks * s->gain[row];
  s->total += s->gain[row];
  s->players++;
  s->in[row] = 1;
}

static inline void smooth_go(smooth *s, size_t row) {
  s->current[row] = s->key[row] + s->picks * s->gain[row];
  s->total -= s->gain[row];
  s->key[row] = -INFINITY;
  s->gain[row] = 0;
  s->players--;
  s->in[row] = 0;
}

/* Everybody out: `current` is true for all, and weights and rows may change. */
static inline void smooth_rest(smooth *s) {
  for (size_t r = 0; r < s->count; r++)
    if (s->in[r]) smooth_go(s, r);
  s->players = 0;
  s->picks = 0;
  s->total = 0;
}

/* Begin with rows 0..count-1, all out. */
static inline void smooth_rows(smooth *s, uint32_t count) {
  s->count = count;
  s->blocks = (count + SMOOTH_BLOCK - 1) / SMOOTH_BLOCK;
  for (size_t r = 0, n = (size_t)s->blocks * SMOOTH_BLOCK; r < n; r++) {
    if (r >= count) s->current[r] = s->weight[r] = 0;
    s->some[r] = s->weight[r] > 0;
    s->in[r] = 0;
    s->key[r] = -INFINITY;
    s->gain[r] = 0;
  }
  for (uint32_t b = 0; b < s->blocks; b++) smooth_settle(s, b, 0);
}

/* In the game are from now on: those kept, with room for `slots`, of a weight above 0 (or of any, if nobody kept has
 * one: weight 0 means never, unless all have it). */
static inline void smooth_admit(smooth *s, const uint8_t *keep, const uint32_t *left, uint32_t slots) {
  uint8_t weighty = 0;
  for (size_t r = 0; r < s->count; r++) weighty |= (uint8_t)(keep[r] & s->some[r]);
  if (s->equal == (weighty != 0) || s->picks > SMOOTH_TURN) {
    smooth_rest(s);
    s->equal = !weighty;
    for (uint32_t b = 0; b < s->blocks; b++) smooth_settle(s, b, 0);
  }
  for (uint32_t b = 0; b < s->blocks; b++) {
    const size_t first = (size_t)b * SMOOTH_BLOCK;
    const size_t n = s->count - first < SMOOTH_BLOCK ? s->count - first : SMOOTH_BLOCK;
    const uint8_t any = (uint8_t)s->equal;
    uint8_t may[SMOOTH_BLOCK];
    for (size_t i = 0; i < n; i++)
      may[i] = (uint8_t)(keep[first + i] & (left[first + i] >= slots) & (s->some[first + i] | any));
    if (memcmp(may, s->in + first, n) == 0) continue; /* mostly: the same rows as in the call before */
    for (size_t i = 0; i < n; i++) {
      if (may[i] == s->in[first + i]) continue;
      if (may[i]) smooth_come(s, first + i);
      else smooth_go(s, first + i);
    }
    smooth_settle(s, b, s->picks);
  }
}

/* The next row, or SMOOTH_NOBODY. */
static inline uint32_t smooth_pick(smooth *s) {
  const double t = s->picks + 1;
  double best = -INFINITY;
  uint32_t at = 0, row;
  if (s->players == 0) return SMOOTH_NOBODY;
  for (uint32_t b = 0; b < s->blocks; b++) {
    double now;
    if (t >= s->until[b]) smooth_settle(s, b, t);
    now = s->top_key[b] + t * s->top_gain[b];
    at = now > best ? b : at;
    best = now > best ? now : best;
  }
  s->picks = t;
  row = s->top_row[at];
  s->key[row] -= s->total;
  smooth_settle(s, at, t);
  return row;
}

/* This row has no room any more. */
static inline void smooth_retire(smooth *s, uint32_t row) {
  smooth_go(s, row);
  smooth_settle(s, row / SMOOTH_BLOCK, s->picks);
}
#endif
