"""APScheduler: an interval of 10 ms, and ten thousand jobs due in the same second, in memory."""
import threading
import time
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from figures import report, report_percentiles

PEER = "apscheduler"


def scheduler():
    made = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(2)},
        job_defaults={"misfire_grace_time": 60, "coalesce": False, "max_instances": 1000})
    made.start()
    return made


def interval(seconds=10):
    """Lateness by due times 10 ms apart from the first run on; what is missing was not run."""
    starts = []
    made = scheduler()
    made.add_job(lambda: starts.append(time.time()), "interval", seconds=0.01)
    time.sleep(seconds + 1)
    made.shutdown()
    first = next(at for at in starts if at >= starts[0] + 1)
    starts = [at for at in starts if at >= first]
    late = [(at - first - i * 0.01) * 1e3 for i, at in enumerate(starts)]
    report_percentiles("fixed_rate_lateness", late, "ms", PEER, period="10ms", runs=len(late))
    tenth = max(1, len(late) // 10)
    drift = sorted(late[-tenth:])[tenth // 2] - sorted(late[:tenth])[tenth // 2]
    report("fixed_rate_drift", drift, "ms", PEER, period="10ms", runs=len(late))


def burst(count=10_000):
    """How late the last of so many jobs starts, that are due at the same moment."""
    made = scheduler()
    due = datetime.now() + timedelta(seconds=15)
    ends, done = [], threading.Event()

    def run():
        ends.append(time.time())
        if len(ends) == count:
            done.set()

    for _ in range(count):
        made.add_job(run, "date", run_date=due)
    if datetime.now() >= due:
        raise SystemExit("apscheduler: storing the jobs took longer than the time to their due time")
    if not done.wait(120):
        raise SystemExit(f"apscheduler: {len(ends)} of {count} jobs ran")
    report("burst_last", max(ends) - due.timestamp(), "s", PEER, due=count)
    made.shutdown()


if __name__ == "__main__":
    interval()
    burst()
