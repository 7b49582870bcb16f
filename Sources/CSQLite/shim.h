/* The system's SQLite (Debian: libsqlite3-dev). */
#ifndef SWITCHYARD_CSQLITE_H
#define SWITCHYARD_CSQLITE_H

#include <sqlite3.h>

/* SQLITE_TRANSIENT is a cast that Swift cannot import. */
static inline int switchyard_bind_text(sqlite3_stmt *statement, int index, const char *text, int bytes) {
  return sqlite3_bind_text(statement, index, text, bytes, SQLITE_TRANSIENT);
}

#endif
