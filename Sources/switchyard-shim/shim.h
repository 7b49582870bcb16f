// What main.c drives: setting up, starting the job, leaving nothing of it behind.
#ifndef SWITCHYARD_SHIM_H
#define SWITCHYARD_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: setup.c

/// The descriptors that main.c explains. The shim's own come after them.
enum { CONTROL = 3, DEADLINE = 4, LOCK = 5, FIRST_OWN = 6 };

struct options {
    uint64_t timeout_ms, grace_ms;
    const char *cgroup, *directory;  // NULL: not given
    bool deadline, lock;
    char **arguments;  // of the job: the program first, NULL at the end
};

/// `argument` starts after the shim's own name and ends with NULL.
bool options_parse(struct options *options, char **argument);
/// Leaves open 0 1 2, control, and what the flags announce; all of these but 0 1 2 close on exec.
bool settle_descriptors(const struct options *options);
/// The shared number, NULL with `errno` if there is none.
const uint64_t *map_deadline(void);
/// Returns a signalfd for SIGCHLD and the signals that ask for an end; all others stay blocked.
int take_signals(void);
/// Gives up the job's pipes, so that the worker sees their end when the job's processes are gone.
void release_standard_streams(void);

// MARK: reaper.c

/// A cgroup v2 of this attempt alone. All zero = not used, and every function does nothing.
struct cgroup {
    bool usable;  // it exists, was empty, and (after exec) the job is in it
    bool made;    // by the shim, which then removes it
    const char *path;
    int procs, kill, events;
};

/// Opens or makes the cgroup; leaves it unusable if it is not one, or not empty, or not permitted.
void cgroup_open(struct cgroup *cgroup, const char *path);
/// Moves the calling process in.
bool cgroup_join(const struct cgroup *cgroup);
bool cgroup_populated(const struct cgroup *cgroup);
/// Removes it if the shim made it. To be called when it is no longer populated.
void cgroup_close(struct cgroup *cgroup);

struct reaper {
    pid_t main;         // also its process group and session
    bool main_ended;    // and was reaped: from here on `main` may be anybody's number
    int main_status;    // as of waitpid()
    bool killing;
    unsigned leftover;  // other processes that died of the shim's KILL
    int children;       // /proc/self/task/TID/children, or -1
    struct cgroup cgroup;
};

enum collected {
    COLLECTED_IDLE,  // children are left, none has ended
    COLLECTED_SOME,  // more may have ended: ask again
    COLLECTED_ALL,   // no child is left, hence no descendant
};

/// Makes the shim the reaper of all its descendants. False with `errno` if /proc is not usable.
bool reaper_open(struct reaper *reaper);
/// Reaps what has ended; a bounded number, so that an endless row of orphans cannot hold the shim.
enum collected reaper_collect(struct reaper *reaper);
/// Whether the main process has ended (it need not be reaped yet).
bool reaper_main_has_ended(const struct reaper *reaper);
/// TERM to the group, and CONT so that stopped members notice.
void reaper_terminate(const struct reaper *reaper);
/// KILL to group and cgroup, each in one step that no fork escapes.
void reaper_kill_first(struct reaper *reaper);
/// KILL to the cgroup and to each child of the shim; returns how many children there were.
/// To be repeated after each death: orphans become children.
unsigned reaper_kill_children(const struct reaper *reaper);

// MARK: job.c

/// What the child was at when it failed. `STEP_CGROUP` is not a failure: it goes on without.
enum step { STEP_SESSION, STEP_CGROUP, STEP_DESCRIPTORS, STEP_CWD, STEP_EXEC };

struct job {
    char **arguments;       // program first, ends with NULL
    const char *directory;  // NULL: the shim's own
    pid_t pid;
    uint64_t started_at;    // CLOCK_BOOTTIME nanoseconds just before the fork
    int error;              // errno of the step that failed, 0 if none
    enum step step;
};

/// Forks the child. Returns the descriptor on which it tells what fails before exec, or -1.
int job_start(struct job *job, const struct cgroup *cgroup);
/// Takes in what the child told. True when that is over: the program runs, or `error` is set.
bool job_read_notes(struct job *job, int notes, struct cgroup *cgroup);
const char *job_step_name(enum step step);

#endif
