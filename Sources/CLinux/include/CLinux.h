/* What Linux offers and Swift's Glibc module does not show. */
#ifndef SWITCHYARD_CLINUX_H
#define SWITCHYARD_CLINUX_H
#include <stdint.h>

/* A counter to poll(): closed on exec, never blocks. */
int sy_eventfd(void);
/* An alarm on CLOCK_BOOTTIME to poll(): closed on exec, never blocks. */
int sy_alarm(void);
/* Sets the alarm to an absolute boot time in nanoseconds; 0 turns it off. */
int sy_alarm_at(int alarm, int64_t nanoseconds);
/* The name of the calling thread; 15 bytes count. */
void sy_name_thread(const char *name);

/* Memory that other processes can map: closed on exec, zeroed, of a size that nobody can change. */
int sy_memfd(const char *name, int64_t size);
/* A pipe whose ends are closed on exec; the reading end [0] never blocks. */
int sy_pipe(int ends[2]);

#endif
