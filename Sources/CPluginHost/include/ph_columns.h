/* Loops over columns and masks. All lengths are multiples of 64 unless a `count` of rows is asked for; what lies
 * behind the last row is 0. The compiler turns each loop into vector code. */
#ifndef PH_COLUMNS_H
#define PH_COLUMNS_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* keep = fixed where avail >= slots, else 0; returns how many are left. */
size_t ph_mask_start(uint8_t *keep, const uint8_t *fixed, const uint32_t *avail, uint32_t slots, size_t length);

/* Clears keep where avail < slots; returns how many are left. */
size_t ph_mask_refresh(uint8_t *keep, const uint32_t *avail, uint32_t slots, size_t length);

static inline int ph_mask_equal(const uint8_t *a, const uint8_t *b, size_t length) { return memcmp(a, b, length) == 0; }

/* keep &= before; returns how many are left, and in *invented whether keep had what before had not. */
size_t ph_mask_and(uint8_t *keep, const uint8_t *before, size_t length, uint8_t *invented);

/* The first row that before has and after has not; length if there is none. */
size_t ph_mask_first_refused(const uint8_t *before, const uint8_t *after, size_t length);

/* Writes the rows that are kept, ascending; returns how many. `list` has room for length. */
size_t ph_mask_list(uint32_t *list, const uint8_t *keep, size_t length);

/* NaN and what is below 0 become 0, what is above 1 becomes 1; then sum += score. */
void ph_score_add(float *sum, const float *score, size_t length);
void ph_score_scale(float *sum, float factor, size_t length);

/* The kept row with the most slots available, the first of equals; length if none is kept. */
size_t ph_most_avail(const uint8_t *keep, const uint32_t *avail, size_t length);
#endif
