"""What `/metrics` says, read as Prometheus' own parser reads it, before, while and after jobs run.

usage: test_metrics.py DIRECTORY-OF-PROGRAMS
"""

import json
import math
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from prometheus_client.parser import text_string_to_metric_families


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """A server and a worker, in a directory of their own."""

    def __init__(self, programs, directory):
        self.http, self.grpc, self.directory = free_port(), free_port(), directory
        self.processes = []
        self.programs = programs
        self.start(
            "server", "--data", f"{directory}/server", "--http", f"127.0.0.1:{self.http}", "--grpc",
            f"127.0.0.1:{self.grpc}")
        self.until("the server owns its shards", lambda: self.call("GET", "/api/v1/status")["phase"] == "owning")
        self.start(
            "worker", "--name", "w1", "--data", f"{directory}/w1", "--server", f"127.0.0.1:{self.grpc}",
            "--worker-token-file", f"{directory}/server/worker-token", "--slots", "8")
        self.until(
            "the worker runs",
            lambda: [w["state"] for w in self.call("GET", "/api/v1/workers")["workers"]] == ["running"])

    def start(self, *words):
        log = open(f"{self.directory}/{words[0]}.log", "ab")
        environment = {"PATH": os.environ["PATH"], "HOME": self.directory}
        self.processes.append(
            subprocess.Popen([f"{self.programs}/switchyard", *words], stdout=log, stderr=log, env=environment))

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(30)

    def request(self, method, path, body=None):
        with open(f"{self.directory}/server/token") as file:
            token = file.read().strip()
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}{path}", data, {"Authorization": f"Bearer {token}"}, method=method)
        if data:
            request.add_header("Content-Type", "application/json")
        return urllib.request.urlopen(request, timeout=60).read().decode()

    def call(self, *arguments):
        return json.loads(self.request(*arguments))

    def until(self, what, holds):
        deadline = time.monotonic() + 60
        while True:
            try:
                if holds():
                    return
            except OSError:
                pass
            assert time.monotonic() < deadline, f"a minute passed and not: {what}; logs are in {self.directory}"
            time.sleep(0.02)

    def scrape(self):
        return Scrape(self.request("GET", "/metrics"))


class Scrape:
    def __init__(self, text):
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.values = {}
        for family in self.families.values():
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                assert key not in self.values, f"{key} stands twice"
                self.values[key] = sample.value

    def value(self, name, **labels):
        return self.values[(name, tuple(sorted(labels.items())))]

    def check(self):
        assert self.text.endswith("\n")
        names = [line.split()[2] for line in self.text.splitlines() if line.startswith("# TYPE ")]
        assert len(names) == len(set(names)), "a family stands twice"
        helped = [line.split()[2] for line in self.text.splitlines() if line.startswith("# HELP ")]
        assert names == helped, "each family has its HELP before its TYPE"
        for family in self.families.values():
            assert family.documentation.endswith("."), f"{family.name}: {family.documentation}"
            assert family.name.startswith(("switchyard_", "process_")), family.name
            assert family.type in ("counter", "gauge", "histogram"), f"{family.name} is {family.type}"
            if family.type == "histogram":
                self.check_histogram(family)
            for sample in family.samples:
                assert math.isfinite(sample.value), f"{sample}"
                if family.type == "counter":
                    assert sample.name.endswith("_total"), sample.name
                    assert sample.value >= 0, f"{sample}"

    @staticmethod
    def check_histogram(family):
        assert family.name.endswith(("_seconds", "_operations")), family.name
        series = {}
        for sample in family.samples:
            labels = dict(sample.labels)
            bound = labels.pop("le", None)
            one = series.setdefault(tuple(sorted(labels.items())), {"buckets": []})
            if sample.name == family.name + "_bucket":
                one["buckets"].append((float(bound), sample.value))
            else:
                one[sample.name[len(family.name):]] = sample.value
        for labels, one in series.items():
            where = f"{family.name}{dict(labels)}"
            bounds = [bound for bound, _ in one["buckets"]]
            counts = [count for _, count in one["buckets"]]
            assert bounds == sorted(set(bounds)) and bounds[-1] == math.inf, f"{where}: {bounds}"
            assert counts == sorted(counts), f"{where}: counts of buckets are cumulative, {counts}"
            assert counts[-1] == one["_count"], where
            assert one["_sum"] >= 0, where

    def check_after(self, before):
        """Counters only grow, and what was there is there still."""
        for family in before.families.values():
            now = self.families[family.name]
            assert (now.type, now.documentation) == (family.type, family.documentation), family.name
            if family.type == "gauge":
                continue
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                assert self.values[key] >= sample.value, f"{key} went back from {sample.value} to {self.values[key]}"


def main():
    directory = tempfile.mkdtemp(prefix="switchyard-metrics-")
    cluster = Cluster(os.path.abspath(sys.argv[1]), directory)
    try:
        scrapes = [cluster.scrape()]
        for name, processor in [("good", {"noop": {}}), ("bad", {"shell": {"command": "exit 3"}})]:
            cluster.call("PUT", f"/api/v1/apps/default/jobs/{name}", {"name": name, "processor": processor})
        cluster.call(
            "PUT", "/api/v1/apps/default/jobs/often",
            {"name": "often", "processor": {"noop": {}}, "schedule": {"every": "20ms"}})
        for _ in range(5):
            items = [{"job": random.choice(["good", "bad"])} for _ in range(20)]
            items += [{"job": "good"}, {"job": "bad"}]
            cluster.call("POST", "/api/v1/apps/default/instances", items)
            scrapes.append(cluster.scrape())
        cluster.call("POST", "/api/v1/apps/default/jobs/often/pause")
        cluster.until(
            "all are over", lambda: sum(cluster.call("GET", "/api/v1/status")["instances"].values()) == 0)
        last = cluster.scrape()
        scrapes.append(last)
        for before, after in zip(scrapes, scrapes[1:]):
            after.check_after(before)
        for scrape in scrapes:
            scrape.check()

        # They agree with each other, and with what was done.
        submitted = last.value("switchyard_submit_seconds_count")
        fired = last.value("switchyard_fire_lateness_seconds_count")
        assert submitted == 110, submitted
        assert fired >= 1, fired
        ended = sum(
            value for (name, labels), value in last.values.items()
            if name == "switchyard_instance_transitions_total" and dict(labels)["state"] in ("succeeded", "failed"))
        assert ended == submitted + fired, (ended, submitted, fired)
        # Of an attempt that is over at once its worker tells the end alone.
        started = last.value("switchyard_attempts_started_total")
        assert 0 < started <= ended, (started, ended)
        assert last.value("switchyard_attempts_ended_total", outcome="succeeded") + last.value(
            "switchyard_attempts_ended_total", outcome="failed") == ended
        assert last.value("switchyard_run_seconds_count") == ended
        assert last.value("switchyard_placement_seconds_count") == ended
        assert last.value("switchyard_start_seconds_count") == started
        assert last.value("switchyard_decisions_total", answer="worker") >= ended
        assert last.value("switchyard_commits_total", outcome="done") == last.value("switchyard_commit_seconds_count")
        assert last.value("switchyard_workers", state="live") == 1
        assert last.value("switchyard_worker_slots") == 8
        assert last.value("switchyard_owning") == 1
        assert last.value("switchyard_store_bytes", file="switchyard.db-wal") > 0
        assert last.value("process_resident_memory_bytes") > 1 << 20
        route = {"method": "POST", "route": "/api/v1/apps/{app}/instances"}
        assert last.value("switchyard_http_requests_total", status="200", **route) == 5
        assert last.value("switchyard_http_request_seconds_count", **route) == 5
    finally:
        cluster.stop()
    print(f"{len(scrapes)} scrapes of {len(last.families)} families, {len(last.values)} values: as they should be")


main()
