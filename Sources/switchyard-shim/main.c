// switchyard-shim: the parent of one attempt of a shell job.
//
// A worker can be killed, paused or cut off from its server, and its jobs must die all the same,
// before their instances are run elsewhere. So each attempt has a small parent of its own that
// outlives the worker, hears of its death and looks at the clock itself.
//
//   switchyard-shim [--timeout-ms N] [--grace-ms N] [--cgroup DIR] [--cwd DIR]
//                   [--deadline] [--lock] [--] PROGRAM ARGS…
//
//   --timeout-ms N  from the start to TERM; 0, the default: none      --cwd DIR  of the job
//   --grace-ms N    from TERM to KILL; default 10000
//   --cgroup DIR    a cgroup v2 directory of this attempt alone: absent (it is made, and removed at
//                   the end) or empty. If it cannot be used, the job runs without: `started` tells.
//   PROGRAM is looked up in PATH (execvp). The environment is passed on as it is.
//
// Descriptors
//   0 1 2  the job's. The shim writes nothing there and closes its copies once the job has them.
//   3      control: a connected Unix socket, SOCK_SEQPACKET (one record a packet) or SOCK_STREAM.
//   4      with --deadline: a file (memfd; seal it against shrinking) that holds a native 64-bit
//          number at offset 0: CLOCK_BOOTTIME nanoseconds at which everything is killed unless the
//          worker has moved it forward by then. 0 = no deadline, for the whole life of the attempt.
//   5      with --lock: kept open until every descendant is dead. With flock() held on it, whoever
//          gets the lock knows that nothing of the old incarnation runs.
//   Why flags: a worker that forgets descriptor 4 must get an error, not a job without a fence, and
//   a descriptor 4 that leaked in must not be taken for a deadline. All others are closed.
//   The job gets 0 1 2 and no other.
//
// Commands (bytes; others are ignored)          Records (ASCII, each ends with '\n')
//   T  TERM the group, KILL after the grace       started PID BOOTTIME_NS cgroup|tree
//   K  KILL everything now                        survivors N
//   end of file: as K. The worker is gone.        then exactly one of
//   SIGTERM, SIGINT, SIGHUP, SIGQUIT: as T          exit CODE REASON leftover N at BOOTTIME_NS
//                                                   signal NUMBER REASON leftover N at BOOTTIME_NS
//                                                   spawn-failed ERRNO STEP
//   REASON  none      the shim did nothing to the main process, or it had already ended
//           timeout | stopped (T, K, signal) | isolated (deadline) | orphaned (end of file):
//           what caused the strongest signal that the shim sent. CODE and NUMBER are always the
//           main process's own: `exit 0 timeout` is a job that ended well after TERM.
//   N       descendants besides the main process that were killed and reaped by the shim (a parent
//           killed in the same moment may reap one first)
//   STEP    arguments descriptors deadline proc fork session cwd exec (ETIME deadline: it had
//           passed before the start, and nothing was started)
//   survivors: N still live 5 s after KILL (uninterruptible sleep, another user's setuid program).
//   The shim goes on, keeps the lock, and sends the last record only when they too are dead.
//   The last record means: all descendants are dead and reaped; all they wrote is in the pipes.
//   Exit status of the shim: 0 = the last record was sent, 1 = it was not, 2 = no control socket.
//
// Of the worker: its end of the control socket is close-on-exec from birth (a copy in another child
//   would hide its death), it sends with MSG_NOSIGNAL, and moves the deadline by one aligned atomic
//   store, only forward: an earlier value is noticed no sooner than the old one.
// Of the kernel: Linux 5.9 (close_range); cgroup.kill came with 5.14.
//
// Phases
//   RUNNING ──T, timeout──► TERMINATING ──grace over──► KILLING ──nothing left──► last record
//      └──K, end of file, deadline, main process ended──────▲     (also from TERMINATING)
//   The end of the main process is the end of the attempt: what it left behind is killed.
//
// Limits
//   A shim stopped by SIGSTOP acts when it is continued; its lock stays held meanwhile. It has a
//   session of its own, so neither a terminal nor a signal to the worker's group reaches it. If the
//   shim itself is killed, PDEATHSIG kills the main process, but processes that this one had forked
//   stay: a worker that finds its shim dead by a signal writes cgroup.kill. A job of the shim's own
//   user can attack it; only another user or a cgroup helps against that. A paused machine cannot
//   be fenced.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define SWEEP_NS (20 * NS_PER_MS)       // a net only: each death wakes the shim by SIGCHLD
#define SLOW_SWEEP_NS NS_PER_S
#define SURVIVORS_NS (5 * NS_PER_S)
#define NEVER UINT64_MAX

enum phase { RUNNING, TERMINATING, KILLING };

struct shim {
    struct options options;
    struct job job;
    struct reaper reaper;
    const uint64_t *deadline;  // the shared page, or NULL

    enum phase phase;
    const char *reason;
    uint64_t timeout_at, kill_at, sweep_at, survivors_at, ended_at;
    int control, notes, signals, timer;  // control and notes become -1, which poll() skips
};

static uint64_t boottime(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/// Sends one record; never blocks, as a stopped worker must not hold up a kill.
__attribute__((format(printf, 1, 2))) static bool report(const char *format, ...) {
    char line[128];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line) return false;
    return send(CONTROL, line, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length;
}

/// The shared deadline as of now, `NEVER` for none.
static uint64_t deadline(const struct shim *shim) {
    if (shim->deadline == NULL) return NEVER;
    uint64_t value = __atomic_load_n(shim->deadline, __ATOMIC_ACQUIRE);
    return value == 0 ? NEVER : value;
}

/// Everything up to the fork. Returns the step that failed, with `errno`, or NULL.
static const char *start(struct shim *shim, char **arguments) {
    // Away from the worker's session and group. Fails only if the shim leads a group already.
    setsid();
    if (!options_parse(&shim->options, arguments)) {
        errno = EINVAL;
        return "arguments";
    }
    // Before anything is opened, which could otherwise get a number that a flag speaks of.
    if (!settle_descriptors(&shim->options)) return "descriptors";
    shim->signals = take_signals();
    shim->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (shim->signals < 0 || shim->timer < 0) return "descriptors";
    if (shim->options.deadline && (shim->deadline = map_deadline()) == NULL) return "deadline";
    if (!reaper_open(&shim->reaper)) return "proc";
    if (shim->options.cgroup != NULL) cgroup_open(&shim->reaper.cgroup, shim->options.cgroup);

    uint64_t now = boottime();
    shim->timeout_at = shim->options.timeout_ms == 0 ? NEVER : now + shim->options.timeout_ms * NS_PER_MS;
    shim->job.started_at = now;
    shim->job.arguments = shim->options.arguments;
    shim->job.directory = shim->options.directory;
    if (deadline(shim) <= now) {
        cgroup_close(&shim->reaper.cgroup);
        errno = ETIME;
        return "deadline";
    }
    shim->notes = job_start(&shim->job, &shim->reaper.cgroup);
    if (shim->notes < 0) {
        int error = errno;
        cgroup_close(&shim->reaper.cgroup);
        errno = error;
        return "fork";
    }
    shim->reaper.main = shim->job.pid;
    release_standard_streams();
    return NULL;
}

// MARK: Steps

/// KILL for everything. `reason` NULL: a consequence of what came before, not a new cause.
static void begin_kill(struct shim *shim, const char *reason) {
    if (shim->phase == KILLING) return;
    if (reason != NULL && !reaper_main_has_ended(&shim->reaper)) shim->reason = reason;
    shim->phase = KILLING;
    shim->survivors_at = boottime() + SURVIVORS_NS;
    reaper_kill_first(&shim->reaper);
}

/// TERM for the group, unless the main process has just ended by itself.
static void begin_termination(struct shim *shim, const char *reason) {
    if (shim->phase != RUNNING || reaper_main_has_ended(&shim->reaper)) return;
    shim->phase = TERMINATING;
    shim->reason = reason;
    shim->kill_at = boottime() + shim->options.grace_ms * NS_PER_MS;
    reaper_terminate(&shim->reaper);
}

/// Reads what the child says before exec; at the end of it the program runs.
static void read_notes(struct shim *shim) {
    if (shim->notes < 0 || !job_read_notes(&shim->job, shim->notes, &shim->reaper.cgroup)) return;
    close(shim->notes);
    shim->notes = -1;
    if (shim->job.error == 0) {
        report("started %d %" PRIu64 " %s\n", (int)shim->job.pid, shim->job.started_at,
               shim->reaper.cgroup.usable ? "cgroup" : "tree");
    }
}

/// Whether one of them asks for an end.
static bool read_signals(const struct shim *shim) {
    struct signalfd_siginfo info;
    bool stop = false;
    while (read(shim->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGCHLD) stop = true;
    }
    return stop;
}

static void read_commands(struct shim *shim) {
    if (shim->control < 0) return;
    char bytes[64];
    ssize_t count = recv(shim->control, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {  // an error too: a worker that died with unread records is ECONNRESET
        shim->control = -1;
        begin_kill(shim, "orphaned");
        return;
    }
    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] == 'T') begin_termination(shim, "stopped");
        if (bytes[i] == 'K') begin_kill(shim, "stopped");
    }
}

static void look_at_clock(struct shim *shim) {
    uint64_t now = boottime();
    if (deadline(shim) <= now) begin_kill(shim, "isolated");
    if (shim->phase == RUNNING && shim->timeout_at <= now) begin_termination(shim, "timeout");
    if (shim->phase == TERMINATING && shim->kill_at <= now) begin_kill(shim, NULL);
    if (shim->phase != KILLING) return;

    unsigned living = reaper_kill_children(&shim->reaper);
    bool late = shim->survivors_at <= now;
    shim->sweep_at = now + (late ? SLOW_SWEEP_NS : SWEEP_NS);
    if (late && shim->survivors_at != 0) {
        report("survivors %u\n", living == 0 ? 1 : living);
        shim->survivors_at = 0;  // said once
    }
}

static void arm_timer(const struct shim *shim) {
    uint64_t at = NEVER;
    if (shim->phase == KILLING) {
        at = shim->sweep_at;
    } else {
        at = deadline(shim);
        uint64_t next = shim->phase == RUNNING ? shim->timeout_at : shim->kill_at;
        if (next < at) at = next;
    }
    struct itimerspec timer = {0};  // zero disarms
    if (at != NEVER) {
        timer.it_value.tv_sec = (time_t)(at / NS_PER_S);
        timer.it_value.tv_nsec = (long)(at % NS_PER_S);
    }
    timerfd_settime(shim->timer, TFD_TIMER_ABSTIME, &timer, NULL);
}

/// Runs until no descendant is left. What has happened to the job is looked at before what is asked
/// of the shim, so that an outcome which is already there is never blamed on a later command.
static void supervise(struct shim *shim) {
    for (;;) {
        // First: a SIGCHLD swallowed after the collecting would leave its child unnoticed for ever.
        bool stop = read_signals(shim);
        enum collected left = reaper_collect(&shim->reaper);
        if (shim->reaper.main_ended && shim->ended_at == 0) {
            shim->ended_at = boottime();
            read_notes(shim);
            begin_kill(shim, NULL);
        }
        if (left == COLLECTED_ALL && !cgroup_populated(&shim->reaper.cgroup)) return;
        read_notes(shim);
        read_commands(shim);
        if (stop) begin_termination(shim, "stopped");
        look_at_clock(shim);
        arm_timer(shim);

        struct pollfd wait[] = {
            {.fd = shim->signals, .events = POLLIN},
            {.fd = shim->timer, .events = POLLIN},
            {.fd = shim->control, .events = POLLIN},
            {.fd = shim->notes, .events = POLLIN},
        };
        poll(wait, sizeof wait / sizeof *wait, left == COLLECTED_SOME ? 0 : -1);
        uint64_t expirations;
        if (wait[1].revents != 0) (void)!read(shim->timer, &expirations, sizeof expirations);
    }
}

/// Commands that crossed with the last record must not turn the worker's end of file, or the record
/// itself, into ECONNRESET: a Unix socket that closes with unread data does that.
static int leave(bool sent) {
    char bytes[64];
    shutdown(CONTROL, SHUT_RD);
    while (recv(CONTROL, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
    }
    return sent ? 0 : 1;
}

int main(int count, char **arguments) {
    int type;
    socklen_t size = sizeof type;
    if (count < 1 || getsockopt(CONTROL, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return 2;

    struct shim shim = {.reason = "none", .control = CONTROL, .notes = -1};
    const char *failed = start(&shim, arguments + 1);
    if (failed != NULL) return leave(report("spawn-failed %d %s\n", errno, failed));

    supervise(&shim);
    cgroup_close(&shim.reaper.cgroup);

    int status = shim.reaper.main_status;
    bool sent;
    if (shim.job.error != 0) {
        sent = report("spawn-failed %d %s\n", shim.job.error, job_step_name(shim.job.step));
    } else {
        sent = report("%s %d %s leftover %u at %" PRIu64 "\n", WIFSIGNALED(status) ? "signal" : "exit",
                      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), shim.reason,
                      shim.reaper.leftover, shim.ended_at);
    }
    return leave(sent);
}
