"""A server and two workers under everything at once, for the sanitizers: many clients, schedules, logs, followers, and
strategies that are swapped all the while; then all end as they are told to.

    python3 load.py PROGRAMS [--jobs 3000]
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, f"{ROOT}/Tests/Pains")
from pains import Cluster, eventually, expect  # noqa: E402

OWN = "example.random"
BALANCERS = {f"switchyard.{name}" for name in (
    "least-loaded", "weighted-round-robin", "power-of-two", "round-robin", "random", "first-available")}


def command(cluster, *arguments):
    return [cluster.program, *arguments, "--data", cluster.path("data"), "--server-url", f"http://127.0.0.1:{cluster.http}"]


def load_strategy(cluster, generation):
    """Builds a strategy, as a site would, and loads it: each time another file of the same name."""
    source, file = cluster.path("mine.c"), cluster.path("mine.so")
    with open(f"{ROOT}/Plugins/random/random.c") as template, open(source, "w") as mine:
        mine.write(template.read().replace("switchyard.random", OWN))
        mine.write(f"\nint generation(void);\nint generation(void) {{ return {generation}; }}\n")
    subprocess.run(
        ["cc", "-std=gnu11", "-O1", "-shared", "-fPIC", f"-I{ROOT}/SDK/C/include", source, "-o", file], check=True)
    subprocess.run(command(cluster, "plugin", "load", file), check=True, stdout=subprocess.DEVNULL)


def swap(cluster, is_over):
    """Another policy again and again, each for some hundred decisions. - Returns: how many."""
    # Strategies in Swift that are instrumented by the thread sanitizer ask more of the server than it gives them.
    balancers = sorted(BALANCERS & {plugin["id"] for plugin in cluster.request("GET", "/plugins")["plugins"]}) + [OWN]
    expect(len(balancers) > 4, f"only {balancers} are there")
    count = 0
    while not is_over.wait(0.3):
        balancer = balancers[count % len(balancers)]
        if balancer == OWN:
            load_strategy(cluster, count)
        filters = [{"plugin": "switchyard.designated"}, {"plugin": "switchyard.resources"}] if count % 2 else []
        cluster.request("PUT", "/apps/default/policy", {"filters": filters, "balancer": {"plugin": balancer}})
        for path in "/plugins", "/workers", "/status", "/instances?limit=100&state=running", "/jobs":
            cluster.request("GET", path)
        count += 1
    return count


def run(cluster, number):
    """Starts jobs, some alone and some many at once. - Returns: an instance."""
    if number % 100 == 0:
        items = [{"job": "nap", "key": f"{number}-{item}"} for item in range(50)]
        cluster.request("POST", "/apps/default/instances", items)
    name = "talk" if number % 10 == 0 else "nap"
    return cluster.request("POST", f"/apps/default/jobs/{name}/run", {})["id"]


def load(cluster, count):
    for number in 1, 2:
        cluster.start_worker(number, 64)
    cluster.workers_run(2)
    ticks = [f"tick-{number}" for number in range(10)]
    cluster.apply([
        {"name": "nap", "processor": {"noop": {"duration": "5ms"}}, "retry": {"limit": 3, "backoff": "100ms"}},
        {"name": "talk", "processor": {"shell": {"command": "for n in 1 2 3 4 5; do echo line $n; done"}}},
        *({"name": name, "schedule": {"every": "50ms"}, "processor": {"noop": {}}} for name in ticks)])
    is_over, began = Event(), time.monotonic()
    with ThreadPoolExecutor(1) as aside, ThreadPoolExecutor(16) as clients, open(cluster.path("events"), "wb") as events:
        swaps = aside.submit(swap, cluster, is_over)
        follower = subprocess.Popen(command(cluster, "events"), stdout=events)
        cluster.processes.append(follower)
        ids = list(clients.map(lambda number: run(cluster, number), range(count)))
        for id in ids[-10:]:
            subprocess.run(command(cluster, "instance", "logs", id, "--follow"), check=True, stdout=subprocess.DEVNULL)
        del cluster.connections.open  # the server closes one that is idle for long
        for name in ticks:
            cluster.request("POST", f"/apps/default/jobs/{name}/pause")
        eventually("all are over", lambda: cluster.open_count() == 0, 600)
        is_over.set()
    took = time.monotonic() - began
    follower.send_signal(signal.SIGTERM)
    follower.wait(60)
    cluster.processes.remove(follower)
    expect(os.path.getsize(cluster.path("events")) > 0, "no events came")
    expect(swaps.result() > len(BALANCERS), f"only {swaps.result()} policies")
    instances = list(cluster.instances())
    odd = [instance for instance in instances if instance["state"] != "succeeded"]
    expect(not odd, f"{len(odd)} of {len(instances)} did not succeed: {odd[:3]}")
    print(f"{len(instances)} instances in {took:.0f} s under {swaps.result()} policies", flush=True)


def end(cluster):
    """Workers first, then the server, as on a machine that shuts down."""
    server, *workers = cluster.processes
    for process in [*workers, server]:
        process.send_signal(signal.SIGTERM)
        expect(process.wait(120) == 0, f"ended with {process.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", help="the directory of the programs")
    parser.add_argument("--jobs", type=int, default=3000)
    options = parser.parse_args()
    with Cluster(options.programs) as cluster:
        load(cluster, options.jobs)
        end(cluster)


if __name__ == "__main__":
    main()
