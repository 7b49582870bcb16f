/* The system's SQLite (Debian: libsqlite3-dev). */
#ifndef SWITCHYARD_CSQLITE_H
#define SWITCHYARD_CSQLITE_H

#include <sqlite3.h>

/* Nobody asks SQLite how much memory it uses, and counting it takes a lock for each allocation. Before the first
   connection is opened; later it changes nothing. */
static inline void switchyard_count_no_memory(void) { (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

/* SQLITE_TRANSIENT is a cast that Swift cannot import. */
static inline int switchyard_bind_text(sqlite3_stmt *statement, int index, const char *text, int bytes) {
  return sqlite3_bind_text(statement, index, text, bytes, SQLITE_TRANSIENT);
}

#endif
