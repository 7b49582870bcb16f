"""What users of other schedulers suffer, as tests of real processes.

    python3 pains.py PROGRAMS short|full [--only burst|steady|nobody]

burst   so many jobs are due in the same second: each runs once
steady  so many instances come due each second, for minutes: none is left behind
nobody  there is no worker for minutes: nothing fails, and all runs when one comes

`full` is the size of the promise, for a release build: bursts of 1,000 and 10,000 jobs, 1,600 instances/s for 5 minutes,
10 minutes without a worker. `short` is a small one of the same kind, for every change: 300 jobs, 100 instances/s for
5 s, 5 s without a worker. Each prints its figures.
"""

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from threading import local

SIZES = {
    "short": {"bursts": [300], "rate": 100, "seconds": 5, "alone": 5},
    "full": {"bursts": [1000, 10_000], "rate": 1600, "seconds": 300, "alone": 600},
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def eventually(what, condition, limit):
    end = time.monotonic() + limit
    while not (value := condition()):
        expect(time.monotonic() < end, f"not within {limit} s: {what}")
        time.sleep(0.05)
    return value


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Cluster:
    """A server, and workers as they are asked for."""

    def __init__(self, programs):
        self.program = os.path.join(os.path.abspath(programs), "switchyard")
        self.directory = tempfile.mkdtemp(prefix="switchyard-pains-")
        self.http, self.grpc = free_port(), free_port()
        self.processes, self.connections = [], local()
        self.server = self.start(
            "server", "--data", self.path("data"), "--http", f"127.0.0.1:{self.http}",
            "--grpc", f"127.0.0.1:{self.grpc}")
        eventually("the server answers", self.answers, 60)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if kind:
            print(self.tail("server"), file=sys.stderr)
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def tail(self, name):
        with open(self.path(f"{name}.log"), errors="replace") as file:
            return file.read()[-2000:]

    def start(self, name, *arguments):
        with open(self.path(f"{name}.log"), "ab") as log:
            process = subprocess.Popen(
                [self.program, name, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def start_worker(self, number, slots):
        self.start(
            "worker", "--name", f"w{number}", "--data", self.path(f"w{number}"), "--server", f"127.0.0.1:{self.grpc}",
            "--worker-token-file", self.path("data/worker-token"), "--slots", f"{slots}", "--site", "here")

    def workers_run(self, count):
        def running():
            workers = self.request("GET", "/workers")["workers"]
            return sum(worker["state"] == "running" for worker in workers) == count
        eventually(f"{count} workers run", running, 60)

    def answers(self):
        try:
            return self.request("GET", "/status")["phase"] == "owning"
        except OSError:
            return False

    # Each thread has a connection of its own, and keeps it.
    def request(self, method, path, body=None):
        if not hasattr(self.connections, "open"):
            with open(self.path("data/token")) as file:
                self.connections.token = file.read().strip()
            self.connections.open = http.client.HTTPConnection("127.0.0.1", self.http, timeout=60)
        connection = self.connections.open
        try:
            connection.request(
                method, f"/api/v1{path}", body=None if body is None else json.dumps(body),
                headers={"authorization": f"Bearer {self.connections.token}", "content-type": "application/json"})
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            del self.connections.open
            raise
        expect(response.status < 300, f"{method} {path}: {response.status} {text[:300]}")
        return json.loads(text)

    def apply(self, jobs):
        """- Returns: seconds that it took."""
        began = time.monotonic()

        def put(job):
            self.request("PUT", f"/apps/default/jobs/{job['name']}", job)

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(put, jobs))
        return time.monotonic() - began

    def instances(self):
        """All, page by page."""
        path = "/instances?limit=1000"
        while path:
            page = self.request("GET", path)
            yield from page["instances"]
            path = page.get("next") and f"/instances?limit=1000&cursor={page['next']}"

    def open_count(self):
        """Instances that are not over: at most 1000 are counted."""
        return len(self.request("GET", "/instances?limit=1000&state=waiting,running,stopping,held")["instances"])


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0


def figures(name, **values):
    print(json.dumps({"pain": name, **values}), flush=True)


def burst(programs, count):
    """`count` jobs due in the same second, each of which writes its name down."""
    with Cluster(programs) as cluster:
        for number in 1, 2:
            cluster.start_worker(number, 32)
        cluster.workers_run(2)
        witness = cluster.path("witness")
        # Enough time for all of them to be there before they are due.
        due = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=10 + count // 200)
        names = [f"burst-{number}" for number in range(count)]
        applied = cluster.apply([
            {"name": name, "schedule": {"at": f"{due:%Y-%m-%dT%H:%M:%SZ}"},
             "processor": {"shell": {"command": f"echo $SWITCHYARD_JOB >> {witness}"}}} for name in names])
        expect(datetime.now(timezone.utc) < due, f"applying {count} jobs took {applied:.1f} s: too slow for this test")
        time.sleep((due - datetime.now(timezone.utc)).total_seconds())
        began = time.monotonic()
        eventually("all are over", lambda: cluster.open_count() == 0 and sum(1 for _ in cluster.instances()) >= count,
                   60 + count / 20)
        took = time.monotonic() - began
        instances = list(cluster.instances())
        expect(Counter(instance["job"] for instance in instances) == Counter(names), "not each job has one instance")
        states = Counter(instance["state"] for instance in instances)
        expect(states == {"succeeded": count}, f"not all succeeded: {states}")
        with open(witness) as file:
            expect(Counter(file.read().split()) == Counter(names), "not each job ran once")
        late = [(instant(instance["startedAt"]) - due).total_seconds() for instance in instances]
        figures(f"burst of {count}", applied_seconds=round(applied, 1), all_over_after_seconds=round(took, 2),
                start_late_p50=round(percentile(late, 0.5), 3), start_late_max=round(max(late), 3))


def steady(programs, rate, seconds):
    """`rate` jobs that are due each second."""
    with Cluster(programs) as cluster:
        for number in 1, 2:
            cluster.start_worker(number, 1000)
        cluster.workers_run(2)
        names = [f"steady-{number}" for number in range(rate)]
        cluster.apply([
            {"name": name, "schedule": {"every": "1s"}, "processor": {"noop": {}}} for name in names])
        waiting = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(1)
            waiting.append(cluster.open_count())
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda name: cluster.request("POST", f"/apps/default/jobs/{name}/pause"), names))
        eventually("all are over", lambda: cluster.open_count() == 0, 60)
        dues, states, late = {name: [] for name in names}, Counter(), []
        for instance in cluster.instances():
            states[instance["state"]] += 1
            dues[instance["job"]].append(instant(instance["dueAt"]))
            if instance["startedAt"]:
                late.append((instant(instance["startedAt"]) - dues[instance["job"]][-1]).total_seconds())
        expect(set(states) == {"succeeded"}, f"not all succeeded: {states}")
        for name, times in dues.items():
            expect(len(times) >= seconds, f"{name} was due {len(times)} times in {seconds} s")
            gaps = Counter(later - earlier for earlier, later in zip(sorted(times), sorted(times)[1:]))
            expect(set(gaps) <= {timedelta(seconds=1)}, f"{name} missed or doubled a second: {gaps}")
        figures(f"steady {rate}/s for {seconds} s", instances=sum(states.values()),
                start_late_p50=round(percentile(late, 0.5), 4), start_late_p99=round(percentile(late, 0.99), 4),
                start_late_max=round(max(late), 3), most_not_over_at_once=max(waiting))


def nobody(programs, seconds):
    """Jobs and no worker."""
    with Cluster(programs) as cluster:
        cluster.apply([
            {"name": "asked", "processor": {"noop": {}}, "retry": {"limit": 0}},
            *({"name": f"timed-{number}", "schedule": {"every": "5s"}, "processor": {"noop": {}}}
              for number in range(10))])
        asked = [cluster.request("POST", "/apps/default/jobs/asked/run", {})["id"] for _ in range(100)]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(1)
            over = [instance["state"] for instance in cluster.instances() if instance["endedAt"]]
            expect(not over, f"ended without a worker: {Counter(over)}")
        for number in range(10):
            cluster.request("POST", f"/apps/default/jobs/timed-{number}/pause")
        waited = sum(1 for _ in cluster.instances())
        expect(waited >= 100 + 10 * (seconds // 5), f"only {waited} instances in {seconds} s")
        cluster.start_worker(1, 64)
        began = time.monotonic()
        eventually("all that waited is over", lambda: cluster.open_count() == 0, 120)
        took = time.monotonic() - began
        states = Counter(instance["state"] for instance in cluster.instances())
        expect(states == {"succeeded": waited}, f"not all that waited has run: {states}")
        for instance in asked:
            expect(cluster.request("GET", f"/instances/{instance}")["attempt"] == 1, f"{instance} ran more than once")
        figures(f"nobody for {seconds} s", waited=waited, all_ran_within_seconds=round(took, 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", help="the directory of the programs")
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("--only", choices=["burst", "steady", "nobody"])
    options = parser.parse_args()
    size = SIZES[options.size]
    tests = {
        "burst": [lambda count=count: burst(options.programs, count) for count in size["bursts"]],
        "steady": [lambda: steady(options.programs, size["rate"], size["seconds"])],
        "nobody": [lambda: nobody(options.programs, size["alone"])],
    }
    chosen = [test for name, group in tests.items() if options.only in (None, name) for test in group]
    for test in chosen:
        test()
    print(f"{len(chosen)} passed, 0 failed")


if __name__ == "__main__":
    main()
