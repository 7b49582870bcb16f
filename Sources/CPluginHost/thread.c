#define _GNU_SOURCE
#include "ph_thread.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
/* MXCSR without its exception flags, and the control word of the x87 unit. */
static uint64_t floating(void) {
  uint16_t control;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  return (uint64_t)(_mm_getcsr() & ~0x3Fu) << 16 | control;
}
static void set_floating(uint64_t value) {
  uint16_t control = (uint16_t)value;
  __asm__ volatile("fldcw %0" : : "m"(control));
  _mm_setcsr((uint32_t)(value >> 16));
}
#elif defined(__aarch64__)
static uint64_t floating(void) {
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  return control;
}
static void set_floating(uint64_t value) { __asm__ volatile("msr fpcr, %0" : : "r"(value)); }
#else
static uint64_t floating(void) { return 0; }
static void set_floating(uint64_t value) { (void)value; }
#endif

/* Reading the mask by umask() would change it for every thread. */
static uint32_t file_mask(void) {
  FILE *status = fopen("/proc/self/status", "re");
  if (!status) return 0;
  char line[256];
  unsigned int mask = 0;
  while (fgets(line, sizeof line, status))
    if (sscanf(line, "Umask: %o", &mask) == 1) break;
  fclose(status);
  return mask;
}

void ph_thread_look(ph_thread_state *state) {
  memset(state, 0, sizeof *state);
  state->floating = floating();
  pthread_sigmask(SIG_SETMASK, NULL, &state->mask);
  for (int sig = 1; sig < PH_SIGNALS; sig++) sigaction(sig, NULL, &state->handlers[sig]);
  state->thread_locale = uselocale((locale_t)0);
  const char *name = setlocale(LC_ALL, NULL);
  if (name) strncpy(state->global_locale, name, sizeof state->global_locale - 1);
  if (!getcwd(state->directory, sizeof state->directory)) state->directory[0] = 0;
  state->file_mask = file_mask();
}

uint32_t ph_thread_restore(const ph_thread_state *was) {
  ph_thread_state is;
  ph_thread_look(&is);
  uint32_t changed = 0;
  if (is.floating != was->floating) {
    changed |= PH_FLOATING;
    set_floating(was->floating);
  }
  for (int sig = 1; sig < PH_SIGNALS; sig++) {
    if (sigismember(&is.mask, sig) == sigismember(&was->mask, sig)) continue;
    changed |= PH_MASK;
    pthread_sigmask(SIG_SETMASK, &was->mask, NULL);
    break;
  }
  for (int sig = 1; sig < PH_SIGNALS; sig++) {
    if (is.handlers[sig].sa_handler == was->handlers[sig].sa_handler) continue;
    changed |= PH_HANDLERS;
    sigaction(sig, &was->handlers[sig], NULL);
  }
  if (is.thread_locale != was->thread_locale) {
    changed |= PH_LOCALE;
    uselocale(was->thread_locale);
  }
  if (strcmp(is.global_locale, was->global_locale) != 0) {
    changed |= PH_LOCALE;
    setlocale(LC_ALL, was->global_locale);
  }
  if (strcmp(is.directory, was->directory) != 0) {
    changed |= PH_DIRECTORY;
    if (was->directory[0] && chdir(was->directory) != 0) { /* it is gone: nothing to go back to */
    }
  }
  if (is.file_mask != was->file_mask) {
    changed |= PH_UMASK;
    umask(was->file_mask);
  }
  return changed;
}

static int64_t clock_now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t ph_now(void) { return clock_now(CLOCK_MONOTONIC); }
int64_t ph_wall(void) { return clock_now(CLOCK_REALTIME); }

int ph_wait(sem_t *semaphore, int64_t until) {
  struct timespec time = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
  int result;
  do result = until == INT64_MAX ? sem_wait(semaphore) : sem_clockwait(semaphore, CLOCK_MONOTONIC, &time);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

struct start {
  char name[16];
  void *context;
  void (*run)(void *);
};

static void *begin(void *raw) {
  struct start start = *(struct start *)raw;
  free(raw);
  pthread_setname_np(pthread_self(), start.name);
  start.run(start.context);
  return NULL;
}

int ph_thread_start(const char *name, size_t stack, void *context, void (*run)(void *)) {
  struct start *start = calloc(1, sizeof *start);
  if (!start) return ENOMEM;
  strncpy(start->name, name, sizeof start->name - 1);
  start->context = context;
  start->run = run;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (stack > 0) pthread_attr_setstacksize(&attributes, stack);
  sigset_t all, old;
  sigfillset(&all);
  const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) sigdelset(&all, fatal[i]);
  pthread_sigmask(SIG_SETMASK, &all, &old); /* inherited by the thread */
  pthread_t thread;
  int result = pthread_create(&thread, &attributes, begin, start);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  pthread_attr_destroy(&attributes);
  if (result != 0) free(start);
  return result;
}

void *ph_open(const char *file, const char **error) {
  dlerror();
  void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  *error = handle ? NULL : dlerror();
  return handle;
}

void *ph_symbol(void *handle, const char *name) { return dlsym(handle, name); }

uint32_t ph_thread_count(void) {
  DIR *tasks = opendir("/proc/self/task");
  if (!tasks) return 0;
  uint32_t count = 0;
  for (struct dirent *entry; (entry = readdir(tasks));)
    if (entry->d_name[0] != '.') count++;
  closedir(tasks);
  return count;
}
