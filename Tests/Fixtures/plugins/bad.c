/* A plugin that is wrong in one way, chosen when it is compiled: cc -DBAD_... See the end for the list. */
#include <switchyard/plugin.h>
#include <stdlib.h>
#include <unistd.h>

static sy_status create(const sy_create *c, void **self, sy_error *e) {
  (void)c; (void)e;
  *self = NULL;
  return SY_OK;
}
static void destroy(void *self) { (void)self; }

static sy_status pick(void *self, sy_call *call, const sy_rows *rows, uint32_t *row) {
  (void)self;
  for (size_t j = 0; j < call->job_count; j++) row[j] = sy_row(rows, 0);
  return SY_OK;
}

static const sy_balancer balancer = {
#ifdef BAD_SHORT_BALANCER
    .size = 8,
#else
    .size = sizeof balancer,
#endif
#ifndef BAD_NULL_PICK
    .pick = pick,
#endif
};

static const void *extension(const char *id) {
#ifdef BAD_NOTHING
  (void)id;
  return NULL;
#elif defined BAD_EVERYTHING
  (void)id;
  return &balancer;
#else
  return strcmp(id, SY_EXT_BALANCER) == 0 ? &balancer : NULL;
#endif
}

static const sy_plugin me = {
#ifdef BAD_SHORT
    .size = 64,
#else
    .size = sizeof me,
#endif
    .abi_minor = SY_ABI_MINOR,
#ifdef BAD_ID
    .id = "Com Acme",
#elif defined OTHER_ID
    .id = "test.other",
#else
    .id = "test.bad",
#endif
    .name = "Bad",
#ifdef BAD_VERSION
    .version = "one",
#else
    .version = "1.0.0",
#endif
    .vendor = "Test",
    .license = "Apache-2.0",
#ifndef BAD_NULL_CREATE
    .create = create,
#endif
    .destroy = destroy,
    .get_extension = extension,
#ifdef BAD_LOOP
    .next = &me,
#endif
};

#ifdef BAD_CRASH_OPEN
__attribute__((constructor)) static void open_badly(void) { volatile int *volatile nowhere = NULL; *nowhere = 1; }
#elif defined BAD_HANG_OPEN
__attribute__((constructor)) static void open_badly(void) { for (;;) pause(); }
#elif defined BAD_EXIT_OPEN
__attribute__((constructor)) static void open_badly(void) { _exit(0); }
#elif defined CHANGES_FLOATS
#include <xmmintrin.h>
__attribute__((constructor)) static void open_badly(void) { _mm_setcsr(_mm_getcsr() | 0x8040u); }
#endif

#ifdef BAD_OTHER_MAJOR
SY_EXPORT const void *switchyard_plugin_v2(const void *host);
const void *switchyard_plugin_v2(const void *host) { (void)host; return NULL; }
#elif defined BAD_NO_ENTRY
SY_EXPORT int something_else(void);
int something_else(void) { return (int)sizeof me; }
#elif defined BAD_REFUSES
const sy_plugin *switchyard_plugin_v1(const sy_host *host) { (void)host; return NULL; }
#else
const sy_plugin *switchyard_plugin_v1(const sy_host *host) { (void)host; return &me; }
#endif
