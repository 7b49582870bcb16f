#include "ph_columns.h"
#include <string.h>

/* A block of 16 rows as one value, in a vector register (an extension of GCC and clang). */
enum { BLOCK = 16 };
typedef uint8_t block __attribute__((vector_size(16)));

/* Kept rows are counted by byte in a vertical sum, which holds 255 blocks. */
enum { FULL = 255 };

static size_t total(block sum) {
  size_t all = 0;
  for (int i = 0; i < BLOCK; i++) all += sum[i];
  return all;
}

static block load(const uint8_t *from) {
  block value;
  memcpy(&value, from, sizeof value);
  return value;
}

/* Bytes 1 where avail >= slots. */
static block enough(const uint32_t *avail, uint32_t slots) {
  uint8_t bits[BLOCK];
  for (int i = 0; i < BLOCK; i++) bits[i] = avail[i] >= slots;
  return load(bits);
}

size_t ph_mask_start(uint8_t *restrict keep, const uint8_t *restrict fixed, const uint32_t *restrict avail,
                     uint32_t slots, size_t length) {
  size_t left = 0;
  for (size_t at = 0; at < length;) {
    block sum = {0};
    for (int n = 0; n < FULL && at < length; n++, at += BLOCK) {
      block kept = load(fixed + at) & enough(avail + at, slots);
      memcpy(keep + at, &kept, sizeof kept);
      sum += kept;
    }
    left += total(sum);
  }
  return left;
}

size_t ph_mask_refresh(uint8_t *restrict keep, const uint32_t *restrict avail, uint32_t slots, size_t length) {
  size_t left = 0;
  for (size_t at = 0; at < length;) {
    block sum = {0};
    for (int n = 0; n < FULL && at < length; n++, at += BLOCK) {
      block kept = load(keep + at) & enough(avail + at, slots);
      memcpy(keep + at, &kept, sizeof kept);
      sum += kept;
    }
    left += total(sum);
  }
  return left;
}

size_t ph_mask_and(uint8_t *restrict keep, const uint8_t *restrict before, size_t length, uint8_t *invented) {
  size_t left = 0;
  block extra = {0};
  for (size_t at = 0; at < length;) {
    block sum = {0};
    for (int n = 0; n < FULL && at < length; n++, at += BLOCK) {
      block now = load(keep + at), then = load(before + at), kept = now & then;
      extra |= now & ~then;
      memcpy(keep + at, &kept, sizeof kept);
      sum += kept;
    }
    left += total(sum);
  }
  *invented = total((block)(extra != 0)) != 0;
  return left;
}

size_t ph_mask_first_refused(const uint8_t *before, const uint8_t *after, size_t length) {
  for (size_t block = 0; block < length; block += 64) {
    if (memcmp(before + block, after + block, 64) == 0) continue;
    for (size_t i = block; i < block + 64; i++)
      if (before[i] && !after[i]) return i;
  }
  return length;
}

size_t ph_mask_list(uint32_t *restrict list, const uint8_t *restrict keep, size_t length) {
  size_t count = 0;
  for (size_t block = 0; block < length; block += 8) {
    uint64_t bytes;
    memcpy(&bytes, keep + block, 8);
    if (bytes == 0) continue;
    for (size_t i = block; i < block + 8; i++) { /* no branch: a kept row moves the end on */
      list[count] = (uint32_t)i;
      count += keep[i];
    }
  }
  return count;
}

void ph_score_add(float *restrict sum, const float *restrict score, size_t length) {
  for (size_t i = 0; i < length; i++) {
    float value = score[i] > 0.0f ? score[i] : 0.0f; /* false for NaN */
    sum[i] += value < 1.0f ? value : 1.0f;
  }
}

void ph_score_scale(float *sum, float factor, size_t length) {
  for (size_t i = 0; i < length; i++) sum[i] *= factor;
}

size_t ph_most_avail(const uint8_t *restrict keep, const uint32_t *restrict avail, size_t length) {
  size_t best = length;
  uint32_t most = 0;
  for (size_t i = 0; i < length; i++) {
    if (keep[i] && (avail[i] > most || best == length)) {
      best = i;
      most = avail[i];
    }
  }
  return best;
}
