"""beanstalkd with a log that is synced at every write (-f 0): put, reserve in another process, delete.

There are no results: a job that was deleted is done. That is less than a scheduler does for a job."""
import multiprocessing
import time

import greenstalk

from figures import at_rate, directory, free_port, process, report_percentiles, report_runs, wait_for_port

PEER = "beanstalkd -f 0"


def work(port, until, delays):
    """Reserves and deletes until the job "end" comes."""
    client = greenstalk.Client(("127.0.0.1", port))
    while True:
        job = client.reserve()
        now = time.time_ns()
        client.delete(job)
        if job.body == "end":
            break
        if delays is not None:
            delays.append((now - int(job.body)) / 1e6)
    if delays is not None:
        until.put(delays)
    client.close()


def producer(port, count):
    client = greenstalk.Client(("127.0.0.1", port))
    for _ in range(count):
        client.put("0")
    client.close()


def throughput(port, count, producers=16, workers=4):
    consumers = [multiprocessing.Process(target=work, args=(port, None, None)) for _ in range(workers)]
    senders = [multiprocessing.Process(target=producer, args=(port, count // producers)) for _ in range(producers)]
    began = time.monotonic()
    for child in consumers + senders:
        child.start()
    for child in senders:
        child.join()
    with greenstalk.Client(("127.0.0.1", port)) as client:
        for _ in range(workers):
            client.put("end", priority=2**31)  # behind all others
    for child in consumers:
        child.join()
    return count / (time.monotonic() - began)


def latency(port, rate, seconds):
    until = multiprocessing.Queue()
    consumer = multiprocessing.Process(target=work, args=(port, until, []))
    consumer.start()
    with greenstalk.Client(("127.0.0.1", port)) as client:
        at_rate(rate, rate * seconds, lambda i: client.put(str(time.time_ns())))
        client.put("end", priority=2**31)
    delays = until.get(timeout=60)
    consumer.join()
    return delays


def main():
    with directory() as log:
        port = free_port()
        with process("beanstalkd", "-l", "127.0.0.1", "-p", str(port), "-b", log, "-f", "0"):
            wait_for_port(port)
            throughput(port, 1_600)
            report_runs("end_to_end_throughput", [throughput(port, 8_000) for _ in range(3)], "jobs/s", PEER)
            for rate in (50, 1_000):
                latency(port, rate, 1)
                report_percentiles("submit_to_start", latency(port, rate, 10), "ms", PEER, rate=f"{rate}/s")


if __name__ == "__main__":
    main()
