#ifndef PH_HASH_H
#define PH_HASH_H
#include <stddef.h>
#include <stdint.h>

/* XXH3-64, seed 0: the identity of nodes and keys, the same on every server. */
uint64_t ph_xxh3(const void *data, size_t length);

/* SHA-256 (FIPS 180-4), to say which file was loaded. */
typedef struct ph_sha256 {
  uint32_t state[8];
  uint64_t length;
  uint8_t block[64];
} ph_sha256;
void ph_sha256_begin(ph_sha256 *hash);
void ph_sha256_add(ph_sha256 *hash, const void *data, size_t length);
void ph_sha256_end(ph_sha256 *hash, uint8_t digest[32]);
#endif
