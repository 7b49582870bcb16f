// Leaving nothing behind.
//
// The shim is a "child subreaper": whatever of its descendants loses its parent becomes its child. So
// no child left means no descendant left, however often they forked or called setsid(). Everything
// rests on one rule: the shim signals only its own unreaped children, and the group while its leader
// is unreaped. Their numbers cannot be given to strangers meanwhile, which cannot be said of the
// grandchildren that a walk through /proc would find. The price is one round for each level of a tree
// of sessions; the group and the cgroup, the usual cases, die in one step.
//
// A program that forks and leaves its session faster than it can be found is held by the cgroup only.
#define _GNU_SOURCE
#include "shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COLLECT_AT_ONCE = 256 };

// MARK: cgroup

void cgroup_open(struct cgroup *cgroup, const char *path) {
    cgroup->path = path;
    cgroup->made = mkdir(path, 0755) == 0;
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return;
    cgroup->procs = openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    cgroup->kill = openat(directory, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    cgroup->events = openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
    close(directory);
    cgroup->usable = cgroup->procs >= 0 && cgroup->kill >= 0 && cgroup->events >= 0;
    // Somebody else's processes must not die with the job's.
    if (cgroup_populated(cgroup)) cgroup->usable = false;
}

bool cgroup_join(const struct cgroup *cgroup) {
    return write(cgroup->procs, "0", 1) == 1;
}

bool cgroup_populated(const struct cgroup *cgroup) {
    if (!cgroup->usable) return false;
    char text[256];
    ssize_t count = pread(cgroup->events, text, sizeof text - 1, 0);
    if (count <= 0) return false;
    text[count] = '\0';
    return strstr(text, "populated 1") != NULL;
}

void cgroup_close(struct cgroup *cgroup) {
    if (cgroup->made) rmdir(cgroup->path);
    cgroup->made = cgroup->usable = false;
}

static void cgroup_kill(const struct cgroup *cgroup) {
    if (cgroup->usable) (void)!write(cgroup->kill, "1", 1);
}

// MARK: Processes

bool reaper_open(struct reaper *reaper) {
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return false;
    // A /proc that is missing, or of another PID namespace, would show no children.
    char text[64];
    ssize_t count = readlink("/proc/self", text, sizeof text - 1);
    if (count < 0) return false;
    text[count] = '\0';
    if (atol(text) != (long)getpid()) {
        errno = ENOENT;
        return false;
    }
    // Opened now, as there may be no descriptor to be had when it is needed.
    reaper->children = -1;
#ifndef SHIM_SCAN_PROC  // the tests build the way without CONFIG_PROC_CHILDREN, too
    snprintf(text, sizeof text, "/proc/self/task/%d/children", (int)getpid());
    reaper->children = open(text, O_RDONLY | O_CLOEXEC);
#endif
    return true;
}

bool reaper_main_has_ended(const struct reaper *reaper) {
    if (reaper->main_ended) return true;
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)reaper->main, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

static void signal_group(const struct reaper *reaper, int number) {
    if (reaper->main_ended) return;
    // Before its setsid() the child has no group of its own.
    if (kill(-reaper->main, number) != 0) kill(reaper->main, number);
}

void reaper_terminate(const struct reaper *reaper) {
    signal_group(reaper, SIGTERM);
    signal_group(reaper, SIGCONT);
}

void reaper_kill_first(struct reaper *reaper) {
    reaper->killing = true;
    signal_group(reaper, SIGKILL);
    cgroup_kill(&reaper->cgroup);
}

enum collected reaper_collect(struct reaper *reaper) {
    for (int i = 0; i < COLLECT_AT_ONCE; i++) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0) return COLLECTED_ALL;
        if (info.si_pid == 0) return COLLECTED_IDLE;
        bool is_main = info.si_pid == reaper->main && !reaper->main_ended;
        // While the leader is a zombie its group's number is taken: the last moment to use it.
        if (is_main) reaper_kill_first(reaper);
        int status = 0;
        if (waitpid(info.si_pid, &status, __WALL) != info.si_pid) continue;
        if (is_main) {
            reaper->main_ended = true;
            reaper->main_status = status;
        } else if (reaper->killing && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
            reaper->leftover++;
        }
    }
    return COLLECTED_SOME;
}

/// By the kernel's list of children. Returns -1 if that cannot be read.
static int kill_listed(int list) {
    if (list < 0 || lseek(list, 0, SEEK_SET) != 0) return -1;
    int found = 0;
    pid_t pid = 0;  // survives the end of a buffer
    char text[1024];
    ssize_t count;
    while ((count = read(list, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < count; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = pid * 10 + (text[i] - '0');
            } else if (pid != 0) {
                kill(pid, SIGKILL);
                found++;
                pid = 0;
            }
        }
    }
    return count < 0 ? -1 : found;
}

/// The parent of a process, 0 if it is gone.
static pid_t parent_of(const char *number) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%.20s/stat", number);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = '\0';
    const char *name_end = strrchr(text, ')');  // the name may itself hold parentheses and spaces
    if (name_end == NULL || strlen(name_end) < 5) return 0;
    return (pid_t)atol(name_end + 4);
}

/// By the parents of all processes, where the kernel keeps no list.
static int kill_scanned(void) {
    DIR *directory = opendir("/proc");
    if (directory == NULL) return 0;
    int found = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        if (parent_of(entry->d_name) != getpid()) continue;
        kill((pid_t)atol(entry->d_name), SIGKILL);
        found++;
    }
    closedir(directory);
    return found;
}

unsigned reaper_kill_children(const struct reaper *reaper) {
    cgroup_kill(&reaper->cgroup);
    int found = kill_listed(reaper->children);
    return (unsigned)(found >= 0 ? found : kill_scanned());
}
