/* The parts of the plugin host that Swift cannot say, or not as well: thread-local marks for crash reports,
 * what a thread looks like to others (signals, floating point), hashes, loops over columns. */
#ifndef CPLUGINHOST_H
#define CPLUGINHOST_H
#include "ph_columns.h"
#include "ph_credit.h"
#include "ph_crash.h"
#include "ph_hash.h"
#include "ph_spawn.h"
#include "ph_thread.h"
#endif
