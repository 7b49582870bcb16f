/* Says which plugin a thread is in, so that a crash can name it. */
#ifndef PH_CRASH_H
#define PH_CRASH_H
#include <stdint.h>

/* Who is being called. Lives as long as any thread may be in it. */
typedef struct ph_plugin_name {
  const char *id;
  const char *file;
} ph_plugin_name;

typedef struct ph_mark {
  const ph_plugin_name *plugin; /* NULL: in no plugin */
  const char *function;         /* "pick" */
  int32_t lane;                 /* -1: not a lane */
} ph_mark;

extern _Thread_local ph_mark ph_current;

static inline void ph_enter(const ph_plugin_name *plugin, const char *function) {
  ph_current.function = function;
  ph_current.plugin = plugin;
}

static inline void ph_leave(void) { ph_current.plugin = 0; }

/* First on a thread that calls plugins: its lane (or -1), and a stack for signal handlers, so that even an overflow
 * of the thread's own stack can be reported. */
void ph_thread_begin(int32_t lane);

/* From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write one line that names the plugin to stderr and, if
 * path is not NULL, into that file (replacing it); then whatever handled them before does its work. */
void ph_crash_install(const char *path);
#endif
