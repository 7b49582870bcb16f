// What the shim makes of what it is given: arguments, descriptors, signals.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_MS UINT64_C(1000000000000)  // 31 years: sums with the clock stay far from overflow

static bool parse_ms(const char *text, uint64_t *value) {
    if (text == NULL || *text < '0' || *text > '9') return false;
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *value <= MAX_MS;
}

bool options_parse(struct options *options, char **argument) {
    options->grace_ms = 10000;
    for (; *argument != NULL && strncmp(*argument, "--", 2) == 0; argument++) {
        const char *option = *argument + 2;
        if (*option == '\0') {
            argument++;
            break;
        }
        if (strcmp(option, "deadline") == 0) {
            options->deadline = true;
            continue;
        }
        if (strcmp(option, "lock") == 0) {
            options->lock = true;
            continue;
        }
        const char *value = *++argument;
        if (value == NULL) return false;
        if (strcmp(option, "timeout-ms") == 0) {
            if (!parse_ms(value, &options->timeout_ms)) return false;
        } else if (strcmp(option, "grace-ms") == 0) {
            if (!parse_ms(value, &options->grace_ms)) return false;
        } else if (strcmp(option, "cgroup") == 0) {
            options->cgroup = value;
        } else if (strcmp(option, "cwd") == 0) {
            options->directory = value;
        } else {
            return false;
        }
    }
    options->arguments = argument;
    return *argument != NULL;
}

bool settle_descriptors(const struct options *options) {
    // A closed 0, 1 or 2 would be given to the shim's own timer, and that to the job.
    int null;
    while ((null = open("/dev/null", O_RDWR)) >= 0 && null <= 2) {
    }
    if (null < 0) return false;
    close(null);
    if (!options->deadline) close(DEADLINE);
    if (!options->lock) close(LOCK);
    for (int fd = CONTROL; fd < FIRST_OWN; fd++) {
        bool wanted = fd == CONTROL || (fd == DEADLINE && options->deadline) ||
                      (fd == LOCK && options->lock);
        if (wanted && fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return false;
    }
    return syscall(SYS_close_range, FIRST_OWN, ~0U, 0) == 0;
}

const uint64_t *map_deadline(void) {
    struct stat file;
    if (fstat(DEADLINE, &file) != 0) return NULL;
    if (file.st_size < (off_t)sizeof(uint64_t)) {
        errno = EINVAL;
        return NULL;
    }
    void *page = mmap(NULL, sizeof(uint64_t), PROT_READ, MAP_SHARED, DEADLINE, 0);
    return page == MAP_FAILED ? NULL : page;
}

// Blocks every signal: those that matter arrive as data, and none stops or ends the shim between.
// Dispositions become the default first, because an ignored SIGCHLD would lose exit statuses and
// the job would inherit an ignored SIGPIPE.
int take_signals(void) {
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t set;
    sigfillset(&set);
    if (sigprocmask(SIG_SETMASK, &set, NULL) != 0) return -1;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGQUIT);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void release_standard_streams(void) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++) {
        if (null < 0 || dup2(null, fd) < 0) close(fd);
    }
    if (null > 2) close(null);
}
