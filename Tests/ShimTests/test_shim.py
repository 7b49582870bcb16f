#!/usr/bin/env python3
"""Drives the real switchyard-shim: test_shim.py [--only SUBSTRING] [BINARY].

Without BINARY it builds three: plain, with address and undefined-behaviour sanitizers, and for kernels
without CONFIG_PROC_CHILDREN; every test runs against each. This process is a subreaper, so whatever a
shim leaves behind becomes our child: after each test there must be none.
Nothing sleeps to hope: tests wait for records, for lines of the job, and for pidfds.
"""

import ctypes
import errno
import fcntl
import mmap
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "..", "..", "Sources", "switchyard-shim")
PATIENCE = 30  # seconds until a wait is a failure
BINARY = None
SCRATCH = None
TESTS = []
SKIPPED = []


def test(function):
    TESTS.append(function)
    return function


class Skip(Exception):
    pass


def boottime():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def high(fd):
    """A copy above the numbers that the spawned shim uses."""
    copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100)
    os.close(fd)
    return copy


def readable(fd, patience=PATIENCE):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(patience * 1000))


class Deadline:
    def __init__(self, value=0):
        self.fd = high(os.memfd_create("deadline", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING))
        os.ftruncate(self.fd, 8)
        fcntl.fcntl(self.fd, 1033, 0x2 | 0x4)  # F_ADD_SEALS: shrink, grow
        self.page = mmap.mmap(self.fd, 8)
        self.set(value)

    def set(self, value):
        self.page[:] = struct.pack("=Q", value)


class Shim:
    def __init__(self, job, *options, kind=socket.SOCK_SEQPACKET, deadline=None, lock=None, stdout=None,
                 extra=(), mask=(), closed=(), control=True, prefix=(), separator=("--",)):
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        self.control = ours
        theirs = high(theirs.detach())
        actions, mine = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)], [theirs]
        self.out = self.err = None
        if stdout is None:
            self.out, out = os.pipe()
            self.err, err = os.pipe()
            out, err = high(out), high(err)
            mine += [out, err]
            actions += [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, err, 2)]
        else:
            actions += [(os.POSIX_SPAWN_DUP2, stdout, 1), (os.POSIX_SPAWN_DUP2, stdout, 2)]
        for number, fd in ((3, theirs if control else None), (4, deadline), (5, lock)):
            actions.append((os.POSIX_SPAWN_CLOSE, number) if fd is None else (os.POSIX_SPAWN_DUP2, fd, number))
        actions += [(os.POSIX_SPAWN_DUP2, 0, number) for number in extra]
        actions += [(os.POSIX_SPAWN_CLOSE, number) for number in closed]
        options = list(options)
        if deadline is not None:
            options.append("--deadline")
        if lock is not None:
            options.append("--lock")
        arguments = [*prefix, BINARY, *options, *separator, *job]
        self.pid = os.posix_spawnp(arguments[0], arguments, os.environ, file_actions=actions, setsigmask=mask)
        for fd in mine:
            os.close(fd)
        self.pending = b""
        self.shim_fd = os.pidfd_open(self.pid)

    def record(self):
        """The next record, None at the end of file."""
        while b"\n" not in self.pending:
            assert readable(self.control), "no record in time"
            data = self.control.recv(4096)
            if not data:
                assert not self.pending, self.pending
                return None
            if self.control.type == socket.SOCK_SEQPACKET:
                assert data.endswith(b"\n") and data.count(b"\n") == 1, data
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode("ascii")

    def started(self):
        record = self.record()
        match = re.fullmatch(r"started (\d+) (\d+) (cgroup|tree)", record)
        assert match, record
        assert boottime() - PATIENCE * 10**9 < int(match[2]) <= boottime(), record
        self.job, self.holder = int(match[1]), match[3]
        return self.job

    def last(self, *expected):
        """Expects the last record and the end of file, reaps the shim."""
        record = self.record()
        assert record is not None, "ended without a last record"
        short = re.sub(r" at \d+$", "", record)
        if expected:
            assert short in expected, f"{short!r} is none of {expected!r}"
        assert self.record() is None
        assert self.reap() == 0
        return short

    def reap(self):
        assert readable(self.shim_fd), "the shim goes on"
        os.close(self.shim_fd)
        status = os.waitpid(self.pid, 0)[1]
        self.control.close()
        return os.waitstatus_to_exitcode(status)

    def line(self):
        data = b""
        while not data.endswith(b"\n"):
            assert readable(self.out), "no line in time"
            byte = os.read(self.out, 1)
            assert byte, "end of output, no line"
            data += byte
        return data.decode().strip()

    def output(self):
        """All of both pipes, up to their ends."""
        collected = {self.out: bytearray(), self.err: bytearray()}
        open_ends = set(collected)
        while open_ends:
            ready = select.select(list(open_ends), [], [], PATIENCE)[0]
            assert ready, "the pipes did not end"
            for fd in ready:
                data = os.read(fd, 65536)
                collected[fd] += data
                if not data:
                    open_ends.remove(fd)
        result = bytes(collected[self.out]), bytes(collected[self.err])
        os.close(self.out)
        os.close(self.err)
        return result


def sh(script):
    return ["sh", "-c", script]


def run(script, *options, **named):
    """Runs to the end; returns the last record without its time, and stdout."""
    shim = Shim(sh(script), *options, **named)
    shim.started()
    out = shim.output()[0]
    return shim.last(), out.decode()


class Watched:
    """A process known by number while it surely lives."""

    def __init__(self, pid):
        self.pid = int(pid)
        self.fd = os.pidfd_open(self.pid)

    def dead(self, patience=0):
        return readable(self.fd, patience)


def no_children():
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return False
    except ChildProcessError:
        return True


# A parent that is in wait() when the whole group is killed may reap one child in its last moment.
DYING_PARENT_REAPED = "signal 9 stopped leftover 0"

# Two escapees: one in the group, one that forked twice and has a session of its own.
FAMILY = "sh -c 'echo $$; exec sleep 1000' & (setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 1000' &) ; "


# ---- Outcomes


@test
def exit_codes_are_told():
    for code in (0, 3, 127, 255):
        assert run(f"exit {code}") == (f"exit {code} none leftover 0", "")


@test
def death_by_signal_is_told():
    for number in (signal.SIGSEGV, signal.SIGTERM, signal.SIGKILL):
        assert run(f"ulimit -c 0; kill -{int(number)} $$")[0] == f"signal {int(number)} none leftover 0"


@test
def stream_sockets_serve_too():
    assert run("echo hello", kind=socket.SOCK_STREAM) == ("exit 0 none leftover 0", "hello\n")


@test
def arguments_and_environment_arrive():
    os.environ["SWITCHYARD_PROBE"] = "a b"
    shim = Shim(["sh", "-c", 'printf "%s|" "$@" "$SWITCHYARD_PROBE"', "x", "", "--grace-ms", "-T"])
    shim.started()
    assert shim.output()[0] == b"|--grace-ms|-T|a b|"
    shim.last("exit 0 none leftover 0")
    shim = Shim(["echo", "--", "--lock"], separator=())
    shim.started()
    assert shim.output()[0] == b"-- --lock\n"
    shim.last("exit 0 none leftover 0")


@test
def missing_program_is_told():
    Shim(["/nowhere/program"]).last(f"spawn-failed {errno.ENOENT} exec")
    Shim(["no-such-program-anywhere"]).last(f"spawn-failed {errno.ENOENT} exec")
    Shim(["/etc/passwd"]).last(f"spawn-failed {errno.EACCES} exec")


@test
def missing_directory_is_told():
    Shim(sh("exit 0"), "--cwd", "/nowhere").last(f"spawn-failed {errno.ENOENT} cwd")
    Shim(sh("exit 0"), "--cwd", "/etc/passwd").last(f"spawn-failed {errno.ENOTDIR} cwd")
    assert run("pwd", "--cwd", "/usr")[1] == "/usr\n"


@test
def bad_arguments_are_refused():
    for options in (["--timeout-ms"], ["--timeout-ms", "x"], ["--timeout-ms", "-1"], ["--timeout-ms", ""],
                    ["--timeout-ms", "1x"], ["--timeout-ms", "1000000000001"], ["--grace-ms", "9" * 40],
                    ["--unknown", "x"], ["--Deadline"]):
        job = [] if len(options) == 1 else ["true"]
        Shim(job, *options, separator=()).last(f"spawn-failed {errno.EINVAL} arguments")
    Shim([]).last(f"spawn-failed {errno.EINVAL} arguments")


@test
def without_control_nothing_starts():
    marker = os.path.join(SCRATCH, "no-control")
    shim = Shim(["touch", marker], control=False)
    assert shim.reap() == 2 and not os.path.exists(marker)


@test
def announced_descriptors_must_be_there():
    for option in ("--deadline", "--lock"):
        Shim(["true"], option).last(f"spawn-failed {errno.EBADF} descriptors")
    empty = high(os.memfd_create("empty"))
    Shim(["true"], deadline=empty).last(f"spawn-failed {errno.EINVAL} deadline")
    os.close(empty)


# ---- Output and what the job inherits


@test
def huge_output_is_not_lost():
    size = 20_000_000
    shim = Shim(sh(f"head -c {size} /dev/zero & head -c {size} /dev/zero >&2; wait"))
    shim.started()
    out, err = shim.output()
    assert (len(out), len(err)) == (size, size)
    shim.last("exit 0 none leftover 0")


@test
def at_the_last_record_all_output_is_in_the_pipe():
    shim = Shim(sh("head -c 60000 /dev/zero; (setsid sleep 1000 &)"))
    shim.started()
    record = shim.last()
    assert record.startswith("exit 0 none leftover "), record
    os.set_blocking(shim.out, False)
    assert len(os.read(shim.out, 100000)) == 60000
    assert os.read(shim.out, 1) == b""  # not EAGAIN: nobody holds the other end
    assert shim.output() == (b"", b"")


@test
def the_job_inherits_three_descriptors():
    deadline = Deadline()
    lock = high(os.open(os.path.join(SCRATCH, "lock-fds"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC))
    shim = Shim(["ls", "-l", "/proc/self/fd"], deadline=deadline.fd, lock=lock, extra=range(6, 40))
    shim.started()
    links = dict(re.findall(r" (\d+) -> (\S+)", shim.output()[0].decode()))
    assert set(links) == {"0", "1", "2", "3"}, links
    assert links["0"] == "/dev/null" and re.fullmatch(r"/proc/\d+/fd", links["3"]), links  # ls's own
    shim.last("exit 0 none leftover 0")
    # Descriptors 4 and 5 that no flag announces are strays.
    shim = Shim(sh("echo ready; exec sleep 1000"), extra=(4, 5, 6))
    shim.started(), shim.line()
    table = f"/proc/{shim.pid}/fd"
    strays = [os.readlink(f"{table}/{name}") for name in os.listdir(table) if int(name) > 2]
    assert "/dev/null" not in strays, strays
    shim.control.send(b"K")
    shim.output()
    shim.last()
    os.close(lock)


@test
def closed_standard_streams_become_null():
    null = high(os.open("/dev/null", os.O_RDONLY))
    shim = Shim(["sleep", "1000"], stdout=null, closed=(0, 1, 2))
    job = shim.started()
    links = [os.readlink(f"/proc/{job}/fd/{name}") for name in sorted(os.listdir(f"/proc/{job}/fd"))]
    shim.control.send(b"K")
    shim.last("signal 9 stopped leftover 0")
    assert links[:3] == ["/dev/null"] * 3, links
    os.close(null)


@test
def the_pipes_end_when_the_job_closes_them():
    shim = Shim(sh("echo out; exec sleep 1000 > /dev/null 2>&1"))
    shim.started()
    assert shim.output() == (b"out\n", b"")
    shim.control.send(b"K")
    shim.last("signal 9 stopped leftover 0")


@test
def signal_state_of_the_job_is_clean():
    gate = os.path.join(SCRATCH, "gate")
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Python ignores SIGPIPE by itself
    try:
        shim = Shim(sh(f"read x < {gate}; exec grep -E '^Sig(Blk|Ign)' /proc/self/status"), mask=range(1, 32))
    finally:
        signal.signal(signal.SIGCHLD, before)
    with open(gate, "w") as file:
        file.write("go\n")
    shim.started()
    masks = re.findall(r"\w+:\s+(\w+)", shim.output()[0].decode())
    # posix_spawn itself ignores 32 and 33, glibc's own, which signal() cannot touch.
    assert [int(mask, 16) & ~0x180000000 for mask in masks] == [0, 0], masks
    shim.last("exit 0 none leftover 0")


@test
def shim_and_job_have_sessions_of_their_own():
    shim = Shim(sh("echo ready; exec sleep 1000"))
    job = shim.started()
    shim.line()
    assert os.getsid(job) == job == os.getpgid(job)
    assert os.getsid(shim.pid) == shim.pid == os.getpgid(shim.pid)
    for number in (signal.SIGTSTP, signal.SIGUSR1, signal.SIGALRM, signal.SIGPIPE):
        os.kill(shim.pid, number)
    shim.control.send(b"?\n")  # unknown: ignored
    shim.control.send(b"K")
    shim.output()
    shim.last("signal 9 stopped leftover 0")


# ---- Timeout and stop


@test
def timeout_terminates():
    begin = time.monotonic()
    record, _ = run("exec sleep 1000", "--timeout-ms", "200")
    assert record == "signal 15 timeout leftover 0", record
    assert 0.2 <= time.monotonic() - begin < 5


@test
def timeout_kills_what_ignores_term():
    begin = time.monotonic()
    record, _ = run("trap '' TERM; exec sleep 1000", "--timeout-ms", "1000", "--grace-ms", "300")
    assert record == "signal 9 timeout leftover 0", record
    assert 1.3 <= time.monotonic() - begin < 5


@test
def a_good_end_after_timeout_is_told():
    record, out = run("trap 'echo bye; exit 0' TERM; sleep 1000 & wait", "--timeout-ms", "1000")
    assert re.fullmatch("exit 0 timeout leftover [01]", record) and out == "bye\n", (record, out)


@test
def stop_gives_the_grace():
    for command in ("T", signal.SIGTERM, signal.SIGINT):
        shim = Shim(sh("trap 'echo bye; exit 7' TERM; echo ready; sleep 1000 & wait"))
        shim.started(), shim.line()
        if command == "T":
            shim.control.send(b"T")
        else:
            os.kill(shim.pid, command)
        assert shim.output()[0] == b"bye\n"
        shim.last("exit 7 stopped leftover 0", "exit 7 stopped leftover 1")


@test
def stop_kills_after_the_grace():
    shim = Shim(sh("trap '' TERM; sleep 1000 & echo ready; wait"), "--grace-ms", "200")
    shim.started(), shim.line()
    shim.control.send(b"TT")
    shim.output()
    shim.last("signal 9 stopped leftover 1", DYING_PARENT_REAPED)


@test
def kill_cuts_the_grace_short():
    shim = Shim(sh("trap '' TERM; sleep 1000 & echo ready; wait"), "--grace-ms", "1000000")
    shim.started(), shim.line()
    shim.control.send(b"T")
    shim.control.send(b"K")
    shim.output()
    shim.last("signal 9 stopped leftover 1", DYING_PARENT_REAPED)


@test
def a_stopped_job_hears_term():
    shim = Shim(sh("kill -STOP $$"))
    job = shim.started()
    while open(f"/proc/{job}/stat").read().split()[2] != "T":
        time.sleep(0.001)
    shim.control.send(b"T")
    shim.output()
    shim.last("signal 15 stopped leftover 0")


@test
def what_ended_before_the_stop_keeps_its_outcome():
    for command in (b"T", b"K"):
        shim = Shim(sh("read x < " + os.path.join(SCRATCH, "gate") + "; exit 3"))
        job = Watched(shim.started())
        os.kill(shim.pid, signal.SIGSTOP)
        with open(os.path.join(SCRATCH, "gate"), "w") as gate:
            gate.write("go\n")
        assert job.dead(PATIENCE)
        shim.control.send(command)
        os.kill(shim.pid, signal.SIGCONT)
        shim.output()
        shim.last("exit 3 none leftover 0")


# ---- The worker's death, and the deadline


@test
def end_of_control_kills_everything():
    for kind in (socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
        shim = Shim(sh(FAMILY + "trap '' TERM; echo $$; wait"), kind=kind)
        family = [Watched(shim.line()) for _ in range(3)]
        shim.control.close()  # `started` unread: the shim sees ECONNRESET
        assert shim.output() == (b"", b"")
        assert all(one.dead(PATIENCE) for one in family)
        assert shim.reap() == 1
        shim = Shim(sh("echo ready; exec sleep 1000"), kind=kind)
        shim.started(), shim.line()
        shim.control.shutdown(socket.SHUT_WR)
        shim.output()
        shim.last("signal 9 orphaned leftover 0")


class Worker:
    """A process that runs one shim with deadline and lock; the job's output is ours to read."""

    def __init__(self, job, milliseconds):
        self.lock = os.path.join(SCRATCH, "lock")
        self.out, end = os.pipe()
        self.records, records = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), "--worker", BINARY, self.lock, str(milliseconds),
             str(end), str(records), job], pass_fds=(end, records))
        os.close(end), os.close(records)
        line = lambda fd: b"".join(iter(lambda: os.read(fd, 1), b"\n")).decode()
        self.shim, self.deadline = (int(word) for word in line(self.records).split())
        self.shim = Watched(self.shim)
        self.family = [Watched(line(self.out)) for _ in range(3)]

    def all_dead(self, patience=0):
        return all(one.dead(patience) for one in self.family)

    def reap(self):
        self.process.wait()
        os.close(self.records), os.close(self.out)


def worker(binary, lock, milliseconds, out, records, job):
    global BINARY
    BINARY = binary
    lock = high(os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC))
    fcntl.flock(lock, fcntl.LOCK_EX)
    deadline = Deadline(boottime() + int(milliseconds) * 10**6)
    shim = Shim(sh(job), deadline=deadline.fd, lock=lock, stdout=high(int(out)))
    os.write(int(records), f"{shim.pid} {struct.unpack('=Q', deadline.page[:])[0]}\n".encode())
    while record := shim.record():
        os.write(int(records), record.encode() + b"\n")
    shim.reap()


@test
def sigkill_of_the_worker_leaves_nothing_and_frees_the_lock_last():
    w = Worker(FAMILY + "trap '' TERM; echo $$; wait", 1_000_000)
    lock = os.open(w.lock, os.O_RDWR | os.O_CLOEXEC)
    w.process.kill()
    fcntl.flock(lock, fcntl.LOCK_EX)  # held by the shim once the worker is gone
    assert w.all_dead(), "the lock was free before the descendants were dead"
    os.close(lock)
    w.reap()
    assert w.shim.dead(PATIENCE)
    os.waitpid(w.shim.pid, 0)


@test
def sigstop_of_the_worker_ends_at_the_deadline():
    w = Worker(FAMILY + "trap '' TERM; echo $$; wait", 2500)
    w.process.send_signal(signal.SIGSTOP)
    assert not w.all_dead() and boottime() < w.deadline, "too slow a machine for this deadline"
    assert w.all_dead(PATIENCE)
    late = boottime() - w.deadline
    assert 0 <= late < 2 * 10**9, late
    assert w.shim.dead(PATIENCE)
    assert open(f"/proc/{w.process.pid}/stat").read().split()[2] == "T"
    w.process.send_signal(signal.SIGCONT)
    w.process.wait()
    records = os.read(w.records, 10000).decode().splitlines()
    assert records[0].startswith("started ") and re.match("signal 9 isolated leftover [12] at ", records[1]), records
    w.reap()


@test
def a_deadline_that_moves_lets_the_job_run():
    deadline = Deadline(boottime() + 10**9)
    shim = Shim(sh("sleep 1.2; echo past; exec sleep 1000"), deadline=deadline.fd)
    shim.started()
    second = boottime() + 3 * 10**9
    deadline.set(second)
    assert shim.line() == "past"
    shim.output()
    shim.last("signal 9 isolated leftover 0")
    assert boottime() >= second


@test
def a_deadline_of_zero_is_none():
    deadline = Deadline()
    shim = Shim(sh("sleep 0.3; exit 4"), deadline=deadline.fd)
    shim.started()
    shim.output()
    shim.last("exit 4 none leftover 0")


@test
def after_the_deadline_nothing_starts():
    marker = os.path.join(SCRATCH, "too-late")
    Shim(["touch", marker], deadline=Deadline(boottime() - 1).fd).last(f"spawn-failed {errno.ETIME} deadline")
    assert not os.path.exists(marker)


@test
def sigkill_of_the_shim_kills_the_main_process():
    shim = Shim(sh("trap '' TERM; echo ready; exec sleep 1000"))
    job = Watched(shim.started())
    shim.line()
    os.kill(shim.pid, signal.SIGKILL)
    assert job.dead(PATIENCE)
    assert shim.record() is None and shim.reap() == -signal.SIGKILL
    shim.output()
    os.waitpid(job.pid, 0)  # it became our child


# ---- Leftovers


@test
def what_the_main_process_leaves_is_killed():
    shim = Shim(sh(FAMILY + "read x < " + os.path.join(SCRATCH, "gate") + "; exit 5"))
    shim.started()
    family = [Watched(shim.line()) for _ in range(2)]
    with open(os.path.join(SCRATCH, "gate"), "w") as gate:
        gate.write("go\n")
    shim.output()
    shim.last("exit 5 none leftover 2")
    assert all(one.dead() for one in family)


@test
def hundreds_of_leftovers_are_counted():
    record, _ = run("i=0; while [ $i -lt 300 ]; do setsid sleep 1000 & i=$((i+1)); done; exit 0")
    assert record == "exit 0 none leftover 300", record


@test
def a_deep_tree_of_sessions_is_killed():
    script = os.path.join(SCRATCH, "deep.sh")
    with open(script, "w") as file:
        file.write('if [ $1 = 0 ]; then echo bottom; exec sleep 1000; fi\nsetsid -f sh "$0" $(($1-1))\nsleep 1000\n')
    shim = Shim(["sh", script, "60"])
    shim.started()
    assert shim.line() == "bottom"
    begin = time.monotonic()
    shim.control.send(b"K")
    shim.output()
    record = shim.last()
    assert re.fullmatch(r"signal 9 stopped leftover \d+", record), record
    assert time.monotonic() - begin < 3


@test
def orphans_that_end_are_reaped_while_the_job_runs():
    shim = Shim(sh("for i in 1 2 3 4 5 6 7 8 9; do (setsid true &); done; echo ready; exec sleep 1000"))
    job = shim.started()
    shim.line()
    children = lambda: open(f"/proc/{shim.pid}/task/{shim.pid}/children").read().split()
    end = time.monotonic() + PATIENCE
    while children() != [str(job)]:
        assert time.monotonic() < end, children()
        time.sleep(0.001)
    shim.control.send(b"K")
    shim.output()
    shim.last("signal 9 stopped leftover 0")


COMET = r"""
// Forks, leaves the session, and lets the parent die: thousands of numbers a second. Ends by itself.
#include <time.h>
#include <unistd.h>
int main(int count, char **arguments) {
    (void)arguments;
    time_t end = time(NULL) + 20;
    if (count > 1 && fork() > 0) return write(1, "up\n", 3) != 3;
    while (time(NULL) < end) { if (fork() > 0) _exit(0); setsid(); }
}
"""


@test
def a_comet_is_caught():
    shim = Shim([helper("comet", COMET)])
    shim.started()
    shim.output()  # ends when nobody holds the pipes
    record = shim.last()
    assert re.fullmatch(r"exit 0 none leftover [012]", record), record


@test
def two_hundred_at_once():
    deadline = Deadline(boottime() + 10**12)
    shims = [Shim(sh(f"(setsid sleep 1000 &); echo {i}; exit {i}"), deadline=deadline.fd) for i in range(200)]
    for i, shim in enumerate(shims):
        shim.started()
        assert shim.output()[0] == f"{i}\n".encode()
        shim.last(f"exit {i} none leftover 0", f"exit {i} none leftover 1", f"exit {i} none leftover 2")


UNKILLABLE = r"""
#include <stdio.h>
#include <unistd.h>
int main(int count, char **arguments) {
    if (count < 2 || setuid(0) != 0) return 99;
    puts("ready"); fflush(stdout);
    FILE *gate = fopen(arguments[1], "r");
    return gate == NULL || getc(gate) != 'g';
}
"""


@test
def survivors_are_told_and_keep_the_lock():
    if os.getuid() != 0:
        raise Skip("needs root")
    program = helper("unkillable", UNKILLABLE)
    os.chmod(program, 0o4755)
    path = os.path.join(SCRATCH, "lock-survivors")
    lock = high(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC))
    fcntl.flock(lock, fcntl.LOCK_EX)
    shim = Shim([program, os.path.join(SCRATCH, "gate")], lock=lock,
                prefix=("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"))
    shim.started()
    assert shim.line() == "ready"
    os.close(lock)
    shim.control.send(b"K")
    assert shim.record() == "survivors 1"
    probe = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        raise AssertionError("the lock is free")
    except BlockingIOError:
        pass
    with open(os.path.join(SCRATCH, "gate"), "w") as gate:
        gate.write("go\n")
    shim.output()
    shim.last("exit 0 stopped leftover 0")
    os.close(probe)


# ---- cgroup


def cgroup_base():
    for line in open("/proc/mounts"):
        device, path, kind, *_ = line.split()
        if kind == "cgroup2" and os.access(path, os.W_OK):
            probe = os.path.join(path, f"switchyard-shim-test-{os.getpid()}")
            try:
                os.mkdir(probe)
            except OSError:
                continue
            usable = os.path.exists(os.path.join(probe, "cgroup.kill"))
            os.rmdir(probe)
            if usable:
                return probe
    raise Skip("no writable cgroup v2 with cgroup.kill")


@test
def a_cgroup_is_made_used_and_removed():
    path = cgroup_base()
    shim = Shim(sh(FAMILY + "cat /proc/self/cgroup | grep ^0::; exec sleep 1000"), "--cgroup", path)
    shim.started()
    lines = [shim.line() for _ in range(3)]
    assert shim.holder == "cgroup" and f"0::/{os.path.basename(path)}" in lines, (shim.holder, lines)
    shim.control.send(b"K")
    shim.output()
    shim.last(*(f"signal 9 stopped leftover {n}" for n in range(1, 5)))  # cat and grep may live still
    assert not os.path.exists(path)
    shim = Shim([helper("comet", COMET), "x"], "--cgroup", path)
    shim.started()
    shim.output()
    shim.last(*(f"exit 0 none leftover {n}" for n in range(3)))
    assert not os.path.exists(path)
    Shim(["/nowhere/program"], "--cgroup", path).last(f"spawn-failed {errno.ENOENT} exec")
    assert not os.path.exists(path)


@test
def a_cgroup_with_others_is_left_alone():
    path = cgroup_base()
    os.mkdir(path)
    other = subprocess.Popen(["sleep", "1000"])
    try:
        with open(os.path.join(path, "cgroup.procs"), "w") as procs:
            procs.write(str(other.pid))
        shim = Shim(sh("exit 6"), "--cgroup", path)
        shim.started()
        assert shim.holder == "tree"
        shim.output()
        shim.last("exit 6 none leftover 0")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
        os.rmdir(path)


@test
def a_directory_that_is_no_cgroup_does_without():
    for path in (os.path.join(SCRATCH, "no-cgroup"), "/nowhere/at/all", SCRATCH):
        shim = Shim(sh("exit 0"), "--cgroup", path)
        shim.started()
        assert shim.holder == "tree"
        shim.output()
        shim.last("exit 0 none leftover 0")
    assert not os.path.exists(os.path.join(SCRATCH, "no-cgroup"))


# ---- Running


def helper(name, source):
    program = os.path.join(SCRATCH, name)
    if not os.path.exists(program):
        subprocess.run(["cc", "-O1", "-x", "c", "-", "-o", program], input=source.encode(), check=True)
    return program


def build(name, *flags):
    program = os.path.join(SCRATCH, name)
    sources = [os.path.join(SOURCES, file) for file in ("main.c", "setup.c", "job.c", "reaper.c")]
    subprocess.run([os.environ.get("CC", "gcc"), "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", *flags,
                    *sources, "-o", program], check=True)
    return program


def main(arguments):
    global BINARY, SCRATCH
    only = ""
    if arguments[:1] == ["--only"]:
        only, arguments = arguments[1], arguments[2:]
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    SCRATCH = tempfile.mkdtemp(prefix="shim-test-")
    os.chmod(SCRATCH, 0o755)
    os.mkfifo(os.path.join(SCRATCH, "gate"))
    os.environ["ASAN_OPTIONS"] = os.environ["UBSAN_OPTIONS"] = f"log_path={SCRATCH}/sanitizer"
    passed = failed = 0
    try:
        if arguments:
            binaries = [os.path.abspath(arguments[0])]
        else:
            binaries = [build("plain"), build("sanitized", "-fsanitize=address,undefined", "-fno-sanitize-recover"),
                        build("scanning", "-DSHIM_SCAN_PROC")]
        for BINARY in binaries:
            for function in TESTS:
                if only not in function.__name__:
                    continue
                name = f"{os.path.basename(BINARY)}: {function.__name__}"
                begin = time.monotonic()
                try:
                    function()
                    assert no_children(), "processes were left behind"
                    reports = [file for file in os.listdir(SCRATCH) if file.startswith("sanitizer")]
                    assert not reports, open(os.path.join(SCRATCH, reports[0])).read()
                    passed += 1
                    print(f"ok    {name} ({time.monotonic() - begin:.2f} s)", flush=True)
                except Skip as reason:
                    SKIPPED.append(name)
                    print(f"skip  {name}: {reason}", flush=True)
                except Exception as error:
                    failed += 1
                    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)]
                    print(f"FAIL  {name}: lines {lines}: {type(error).__name__}: {error}", flush=True)
                    clear_away()
    finally:
        shutil.rmtree(SCRATCH)
    print(f"{passed} passed, {failed} failed" + (f", {len(SKIPPED)} skipped" if SKIPPED else ""))
    return 1 if failed else 0


def clear_away():
    """After a failure: ends our own children, and what they leave to us."""
    while not no_children():
        for pid in open(f"/proc/self/task/{os.getpid()}/children").read().split():
            os.kill(int(pid), signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(*sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
