/* Credits: how many slots of a worker are free, shared by all lanes without locks.
 *
 * A word holds the epoch of a seat (high 32 bits) and its free slots (low 32). Whenever placing on the seat must
 * stop or start anew (suspended, left, another incarnation) the epoch grows, so that a lane that has not heard of
 * it yet cannot take a credit of what it believes to be there. */
#ifndef PH_CREDIT_H
#define PH_CREDIT_H
#include <stdint.h>

/* Takes n slots; 0 if the seat is in another epoch or has fewer. */
static inline int ph_credit_take(uint64_t *word, uint32_t epoch, uint32_t n) {
  uint64_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);
  do {
    if ((uint32_t)(seen >> 32) != epoch || (uint32_t)seen < n) return 0;
  } while (!__atomic_compare_exchange_n(word, &seen, seen - n, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
  return 1;
}

/* Gives n slots back, never beyond `slots`; returns how many were too many. */
static inline uint32_t ph_credit_give(uint64_t *word, uint32_t n, uint32_t slots) {
  uint64_t seen = __atomic_load_n(word, __ATOMIC_RELAXED), next;
  uint32_t excess;
  do {
    uint64_t sum = (uint64_t)(uint32_t)seen + n;
    excess = sum > slots ? (uint32_t)(sum - slots) : 0;
    next = (seen & 0xFFFFFFFF00000000u) | (sum - excess);
  } while (!__atomic_compare_exchange_n(word, &seen, next, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
  return excess;
}

/* Takes up to n slots, whoever has them: for what runs there without a lane's doing. */
static inline void ph_credit_force(uint64_t *word, uint32_t n) {
  uint64_t seen = __atomic_load_n(word, __ATOMIC_RELAXED), next;
  do {
    uint32_t free_slots = (uint32_t)seen;
    next = seen - (free_slots < n ? free_slots : n);
  } while (!__atomic_compare_exchange_n(word, &seen, next, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

static inline void ph_credit_set(uint64_t *word, uint32_t epoch, uint32_t free_slots) {
  __atomic_store_n(word, (uint64_t)epoch << 32 | free_slots, __ATOMIC_RELEASE);
}

/* The free slots; 0 in another epoch. */
static inline uint32_t ph_credit_free(const uint64_t *word, uint32_t epoch) {
  uint64_t seen = __atomic_load_n(word, __ATOMIC_ACQUIRE);
  return (uint32_t)(seen >> 32) == epoch ? (uint32_t)seen : 0;
}

/* The free slots in whatever epoch. */
static inline uint32_t ph_credit_any(const uint64_t *word) {
  return (uint32_t)__atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* ---- counters that one thread adds to and others read ---- */

static inline void ph_count_add(uint64_t *counter, uint64_t n) {
  __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static inline uint64_t ph_count_read(const uint64_t *counter) {
  return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static inline void ph_count_max(uint64_t *counter, uint64_t value) {
  uint64_t seen = __atomic_load_n(counter, __ATOMIC_RELAXED);
  while (seen < value &&
         !__atomic_compare_exchange_n(counter, &seen, value, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

/* ---- pointers that are published once ---- */

static inline void *ph_pointer_load(void *const *place) { return __atomic_load_n(place, __ATOMIC_ACQUIRE); }

static inline void ph_pointer_store(void **place, void *value) { __atomic_store_n(place, value, __ATOMIC_RELEASE); }

static inline void *ph_pointer_swap(void **place, void *value) {
  return __atomic_exchange_n(place, value, __ATOMIC_ACQ_REL);
}

/* Pushes node onto a list of which consumers only ever take all. `link` is where node keeps its successor.
 * Returns whether the list was empty. */
static inline int ph_list_push(void **head, void *node, void **link) {
  void *seen = __atomic_load_n(head, __ATOMIC_RELAXED);
  do {
    *link = seen;
  } while (!__atomic_compare_exchange_n(head, &seen, node, 1, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
  return seen == 0;
}
#endif
