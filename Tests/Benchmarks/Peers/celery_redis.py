"""Celery on Redis with an append-only file that is synced at every write: apply_async, a worker of two processes, a stored
result."""
import os
import subprocess
import sys
import threading
import time

from celery import Celery

from figures import at_rate, directory, free_port, process, report_percentiles, report_runs, wait_for_port

PEER = "celery on redis"
URL = os.environ.get("BENCH_REDIS", "")
app = Celery("bench", broker=URL, backend=URL)
app.conf.update(worker_prefetch_multiplier=64, task_acks_late=True, result_expires=600, worker_hijack_root_logger=False)


@app.task(name="started")
def started():
    return time.time_ns()


def throughput(count, clients=8):
    results = []

    def send():
        mine = [started.apply_async() for _ in range(count // clients)]
        for result in mine:
            result.get(timeout=120)
        results.extend(mine)

    began = time.monotonic()
    threads = [threading.Thread(target=send) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(results) != count // clients * clients:
        sys.exit("celery: not all tasks have a result")
    return len(results) / (time.monotonic() - began)


def latency(rate, seconds):
    sent = []
    at_rate(rate, rate * seconds, lambda i: sent.append((time.time_ns(), started.apply_async())))
    return [(result.get(timeout=120) - time_sent) / 1e6 for time_sent, result in sent]


def measure():
    """With Redis and a worker running."""
    started.apply_async().get(timeout=60)
    throughput(400)
    report_runs("end_to_end_throughput", [throughput(2_000) for _ in range(3)], "jobs/s", PEER)
    latency(50, 1)
    report_percentiles("submit_to_start", latency(50, 10), "ms", PEER, rate="50/s")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with directory() as data:
        port = free_port()
        environment = dict(os.environ, BENCH_REDIS=f"redis://127.0.0.1:{port}/0")
        redis = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", data, "--save", ""]
        worker = [sys.executable, "-m", "celery", "-A", "celery_redis", "worker", "-c", "2", "-l", "error"]
        with process(*redis, "--appendonly", "yes", "--appendfsync", "always"):
            wait_for_port(port)
            with process(*worker, "--without-gossip", "--without-mingle", env=environment, cwd=here):
                subprocess.run([sys.executable, __file__, "measure"], env=environment, cwd=here, check=True, timeout=300)


if __name__ == "__main__":
    measure() if sys.argv[1:] == ["measure"] else main()
