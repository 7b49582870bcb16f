"""What the peers' scripts share: the form of a figure, percentiles, processes that are ended by their own number."""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time


def report(figure, value, unit, peer, **labels):
    line = {"figure": figure, "value": round(value, 3), "unit": unit, "peer": peer}
    line.update({name: str(text) for name, text in sorted(labels.items())})
    print(json.dumps(line), flush=True)


def report_runs(figure, runs, unit, peer, **labels):
    """The median of several runs, with the least and the most."""
    runs = sorted(runs)
    report(figure, runs[len(runs) // 2], unit, peer, runs=len(runs), least=round(runs[0], 3), most=round(runs[-1], 3),
           **labels)


def report_percentiles(figure, values, unit, peer, **labels):
    values = sorted(values)
    for name, share in (("p50", 0.50), ("p99", 0.99)):
        report(f"{figure}_{name}", values[min(len(values) - 1, int(len(values) * share))], unit, peer, **labels)
    report(f"{figure}_max", values[-1], unit, peer, **labels)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    sys.exit(f"nobody listens at 127.0.0.1:{port} after {seconds} s")


@contextlib.contextmanager
def directory():
    path = tempfile.mkdtemp(prefix="switchyard-peer-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def process(*command, **options):
    """Runs as long as the block does."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def cpu_seconds(pid):
    """User and system time so far, of the process and its children that it has waited for."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def at_rate(rate, count, act):
    """Calls act(i) at a steady rate."""
    begin = time.monotonic() + 0.1
    for i in range(count):
        pause = begin + i / rate - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        act(i)
