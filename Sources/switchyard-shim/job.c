// From fork to exec: what makes the child a job.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Sent through a pipe that closes on exec. fork and a pipe rather than vfork: chdir or exec may hang
/// on a dead file server, and the shim must keep watching its deadline meanwhile.
struct note {
    int error;
    enum step step;
};

enum { NOTES = 3 };  // in the child

const char *job_step_name(enum step step) {
    static const char *const names[] = {"session", "cgroup", "descriptors", "cwd", "exec"};
    return names[step];
}

static void tell(int notes, enum step step) {
    struct note note = {.error = errno, .step = step};
    (void)!write(notes, &note, sizeof note);
}

static _Noreturn void fail(int notes, enum step step) {
    tell(notes, step);
    _exit(127);
}

static _Noreturn void become_job(const struct job *job, const struct cgroup *cgroup, int notes, pid_t shim) {
    // A session leader can leave neither session nor group: the group number stays good for kill().
    if (setsid() < 0) fail(notes, STEP_SESSION);
    // The last net, if the shim itself is killed. It may have been, before this call.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(notes, STEP_SESSION);
    if (getppid() != shim) _exit(127);
    // Joining is the child's own act, so that nothing it runs was ever outside.
    if (cgroup->usable && !cgroup_join(cgroup)) tell(notes, STEP_CGROUP);

    if (dup3(notes, NOTES, O_CLOEXEC) < 0) fail(notes, STEP_DESCRIPTORS);
    if (syscall(SYS_close_range, NOTES + 1, ~0U, 0) != 0) fail(NOTES, STEP_DESCRIPTORS);
    if (job->directory != NULL && chdir(job->directory) != 0) fail(NOTES, STEP_CWD);

    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(job->arguments[0], job->arguments);
    fail(NOTES, STEP_EXEC);
}

int job_start(struct job *job, const struct cgroup *cgroup) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    pid_t shim = getpid();
    job->pid = fork();
    if (job->pid == 0) become_job(job, cgroup, ends[1], shim);
    int error = errno;
    close(ends[1]);
    if (job->pid < 0) {
        close(ends[0]);
        errno = error;
        return -1;
    }
    return ends[0];
}

bool job_read_notes(struct job *job, int notes, struct cgroup *cgroup) {
    struct note note;
    ssize_t count;
    while ((count = read(notes, &note, sizeof note)) == sizeof note) {
        if (note.step == STEP_CGROUP) {
            cgroup->usable = false;
        } else {
            job->error = note.error;
            job->step = note.step;
        }
    }
    return count == 0 || (errno != EAGAIN && errno != EINTR);
}
