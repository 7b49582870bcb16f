/* A child process that may do anything and touches nothing of ours. */
#ifndef PH_SPAWN_H
#define PH_SPAWN_H
#include <sys/types.h>

/* Starts arguments[0] in a process group of its own, with default signals, no descriptor of ours, input and error
 * /dev/null. *output: where to read what it writes to its standard output. Returns the process, or an errno,
 * negative. */
pid_t ph_spawn(char *const arguments[], char *const environment[], int *output);
#endif
