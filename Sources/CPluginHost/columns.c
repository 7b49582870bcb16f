#include "ph_columns.h"
#include <string.h>

size_t ph_mask_start(uint8_t *restrict keep, const uint8_t *restrict fixed, const uint32_t *restrict avail,
                     uint32_t slots, size_t length) {
  size_t left = 0;
  for (size_t block = 0; block < length; block += 64) {
    uint8_t sum = 0; /* at most 64: fits, and sums bytes in vectors */
    for (size_t i = block; i < block + 64; i++) {
      uint8_t bit = (uint8_t)(fixed[i] & (avail[i] >= slots));
      keep[i] = bit;
      sum = (uint8_t)(sum + bit);
    }
    left += sum;
  }
  return left;
}

size_t ph_mask_refresh(uint8_t *restrict keep, const uint32_t *restrict avail, uint32_t slots, size_t length) {
  size_t left = 0;
  for (size_t block = 0; block < length; block += 64) {
    uint8_t sum = 0;
    for (size_t i = block; i < block + 64; i++) {
      keep[i] = (uint8_t)(keep[i] & (avail[i] >= slots));
      sum = (uint8_t)(sum + keep[i]);
    }
    left += sum;
  }
  return left;
}

size_t ph_mask_and(uint8_t *restrict keep, const uint8_t *restrict before, size_t length, uint8_t *invented) {
  size_t left = 0;
  uint8_t extra = 0;
  for (size_t block = 0; block < length; block += 64) {
    uint8_t sum = 0;
    for (size_t i = block; i < block + 64; i++) {
      extra |= (uint8_t)(keep[i] & (uint8_t)~before[i]);
      uint8_t bit = keep[i] & before[i];
      keep[i] = bit;
      sum = (uint8_t)(sum + bit);
    }
    left += sum;
  }
  *invented = extra;
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
