#include "ph_crash.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Thread_local ph_mark ph_current = {0, 0, -1};

enum { STACK = 64 * 1024, LINE = 1024 };

static char report_path[4096];
static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static const char *const fatal_names[] = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT"};
static struct sigaction before[sizeof fatal / sizeof *fatal];

void ph_thread_begin(int32_t lane) {
  ph_current.lane = lane;
  stack_t old;
  if (sigaltstack(NULL, &old) == 0 && !(old.ss_flags & SS_DISABLE)) return;
  void *memory = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack = {.ss_sp = memory, .ss_size = STACK};
  if (sigaltstack(&stack, NULL) != 0) munmap(memory, STACK);
}

static size_t put(char *line, size_t at, const char *text) {
  for (; text && *text && at < LINE - 1; text++) line[at++] = *text;
  return at;
}

static size_t put_number(char *line, size_t at, int32_t number) {
  char digits[12];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  while (count > 0 && at < LINE - 1) line[at++] = digits[--count];
  return at;
}

static void handle(int sig) {
  size_t which = 0;
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
    if (fatal[i] == sig) which = i;
  char line[LINE];
  size_t at = put(line, 0, "switchyard: ");
  const ph_plugin_name *plugin = ph_current.plugin;
  if (plugin) {
    at = put(line, at, "plugin ");
    at = put(line, at, plugin->id);
    at = put(line, at, " (");
    at = put(line, at, plugin->file);
    at = put(line, at, ") crashed in ");
    at = put(line, at, ph_current.function);
    if (ph_current.lane >= 0) {
      at = put(line, at, " on lane ");
      at = put_number(line, at, ph_current.lane);
    }
  } else {
    at = put(line, at, "crashed outside of plugins");
  }
  at = put(line, at, ": ");
  at = put(line, at, fatal_names[which]);
  line[at++] = '\n';
  ssize_t ignored = write(STDERR_FILENO, line, at);
  if (report_path[0]) {
    int file = open(report_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file >= 0) {
      ignored = write(file, line, at);
      close(file);
    }
  }
  (void)ignored;
  sigaction(sig, &before[which], NULL);
  raise(sig); /* is delivered when this handler returns */
}

void ph_crash_install(const char *path) {
  if (path && strlen(path) < sizeof report_path) strcpy(report_path, path);
  static int installed;
  if (__atomic_exchange_n(&installed, 1, __ATOMIC_ACQ_REL)) return;
  struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) sigaction(fatal[i], &action, &before[i]);
}
