/* What a plugin must leave as it was, and small services of the C library. */
#ifndef PH_THREAD_H
#define PH_THREAD_H
#include <locale.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

enum { PH_SIGNALS = 32 };

/* The thread as it was: rule 10 of the host. */
typedef struct ph_thread_state {
  uint64_t floating; /* rounding and denormal mode, without the sticky flags */
  sigset_t mask;
  struct sigaction handlers[PH_SIGNALS];
  locale_t thread_locale;
  char global_locale[256];
  char directory[4096];
  uint32_t file_mask;
} ph_thread_state;

/* What differs; bits. */
enum {
  PH_FLOATING = 1,
  PH_MASK = 2,
  PH_HANDLERS = 4,
  PH_LOCALE = 8,
  PH_DIRECTORY = 16,
  PH_UMASK = 32
};

void ph_thread_look(ph_thread_state *state);

/* Puts back what differs from state; returns which (PH_FLOATING ...). */
uint32_t ph_thread_restore(const ph_thread_state *state);

/* Nanoseconds on CLOCK_MONOTONIC and CLOCK_REALTIME. */
int64_t ph_now(void);
int64_t ph_wall(void);

/* Waits for a post, not beyond `until` on CLOCK_MONOTONIC; 1 if it was posted. */
int ph_wait(sem_t *semaphore, int64_t until);

/* Starts a thread named `name` (at most 15 characters) with all signals but the fatal ones blocked; 0 or an errno. */
int ph_thread_start(const char *name, size_t stack, void *context, void (*run)(void *context));

/* dlopen(file, RTLD_NOW | RTLD_LOCAL) and dlsym; the text of the error, or NULL. The text is the thread's. */
void *ph_open(const char *file, const char **error);
void *ph_symbol(void *handle, const char *name);

/* Threads of this process; 0 if that cannot be known. */
uint32_t ph_thread_count(void);
#endif
