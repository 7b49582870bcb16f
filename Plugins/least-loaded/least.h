/* The least of many costs, ties broken at random, where one cost changes at a time.
 *
 * Costs lie in blocks of 64; each block knows its least, and how many share it. Changing a cost looks at its block
 * again, and finding the least looks at the blocks: with 10,000 rows 64 + 157 steps instead of 10,000. */
#ifndef LEAST_H
#define LEAST_H
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { LEAST_BLOCK = 64 };
#define LEAST_NOBODY 0xFFFFFFFFu

typedef struct least {
  float *cost;     /* per row, padded to blocks; INFINITY: may not be picked */
  float *min;      /* per block */
  uint32_t *ties;  /* per block: rows at its min */
  uint32_t blocks; /* in use */
} least;

static inline int least_create(least *l, uint32_t rows) {
  size_t blocks = ((size_t)rows + LEAST_BLOCK - 1) / LEAST_BLOCK;
  if (blocks == 0) blocks = 1;
  l->cost = (float *)calloc(blocks * LEAST_BLOCK, sizeof(float));
  l->min = (float *)calloc(blocks, sizeof(float));
  l->ties = (uint32_t *)calloc(blocks, sizeof(uint32_t));
  l->blocks = 0;
  return l->cost && l->min && l->ties;
}

static inline void least_destroy(least *l) {
  free(l->cost);
  free(l->min);
  free(l->ties);
}

/* The costs of this block have changed. */
static inline void least_settle(least *l, uint32_t b) {
  const float *cost = l->cost + (size_t)b * LEAST_BLOCK;
  float min[8];
  uint32_t i, k, ties = 0;
  for (k = 0; k < 8; k++) min[k] = cost[k];
  for (i = 8; i < LEAST_BLOCK; i += 8) /* eight at a time, so that compilers use vector instructions */
    for (k = 0; k < 8; k++) min[k] = cost[i + k] < min[k] ? cost[i + k] : min[k];
  for (k = 1; k < 8; k++) min[0] = min[k] < min[0] ? min[k] : min[0];
  for (i = 0; i < LEAST_BLOCK; i++) ties += cost[i] == min[0];
  l->min[b] = min[0];
  l->ties[b] = ties;
}

/* How low is the lowest, and how many rows are there? INFINITY: nobody may be picked. */
static inline float least_find(const least *l, uint32_t *ties) {
  float min = INFINITY;
  uint32_t n = 0, b;
  for (b = 0; b < l->blocks; b++) min = l->min[b] < min ? l->min[b] : min;
  for (b = 0; b < l->blocks; b++) n += l->min[b] == min ? l->ties[b] : 0;
  *ties = n;
  return min;
}

/* The nth, from 0, of the rows that cost min. */
static inline uint32_t least_row(const least *l, float min, uint32_t nth) {
  for (uint32_t b = 0; b < l->blocks; b++) {
    uint32_t here = l->min[b] == min ? l->ties[b] : 0;
    if (nth < here) {
      for (uint32_t r = b * LEAST_BLOCK; r < (b + 1) * LEAST_BLOCK; r++)
        if (l->cost[r] == min && nth-- == 0) return r;
    }
    nth -= here;
  }
  return LEAST_NOBODY;
}
#endif
