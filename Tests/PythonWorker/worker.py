"""A worker in Python, written from worker.proto and nothing else.

It runs `noop` and `shell` jobs, sends what they write as their log and the last line of it as their result, and obeys
the rules of the protocol: the lease, the fence, the slots, results that are kept until they are acknowledged.

    python worker.py --server HOST:PORT --token-file FILE --name NAME --data DIRECTORY --proto DIRECTORY

`--proto` holds worker_pb2.py and worker_pb2_grpc.py. SIGTERM drains.
"""

import argparse
import json
import os
import queue
import random
import re
import signal
import subprocess
import sys
import threading
import time

import grpc

CHUNK = 32 << 10


def wall():
    return time.time_ns()


def boot():
    """Seconds on a clock that counts through suspend."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def seconds(span):
    """`1m30s` as 90.0."""
    units = {"d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([a-z]+)", span))


class Attempt:
    """One attempt that runs, or has ended with a result that is not acknowledged."""

    def __init__(self, ref, slots, job):
        self.ref, self.slots, self.job = ref, slots, job
        self.key = (ref.instance, ref.attempt)
        self.started_at = None
        self.result = None
        self.killed_for = None
        self.process = None
        self.ends = threading.Event()
        self.log = bytearray()
        self.log_sent = 0
        self.log_kept = 0


class Worker:
    def __init__(self, options, pb, rpc):
        self.options, self.pb, self.rpc = options, pb, rpc
        self.lock = threading.RLock()
        self.attempts = {}
        self.epochs = {}
        self.definitions = {}
        self.outbox = None
        self.lease_end = 0.0
        self.draining = self.leaving = False
        os.makedirs(options.data, exist_ok=True)
        self.lineage = self.stored("lineage", lambda _: random.getrandbits(63), keep=True)
        self.incarnation = self.stored("incarnation", lambda last: last + 1)
        threading.Thread(target=self.watch_lease, daemon=True).start()

    def stored(self, name, change, keep=False):
        path = os.path.join(self.options.data, name)
        last = 0
        if os.path.exists(path):
            with open(path) as file:
                last = int(file.read())
        if keep and last:
            return last
        number = change(last)
        with open(path + ".new", "w") as file:
            file.write(str(number))
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".new", path)
        return number

    # The stream -------------------------------------------------------------------------------------

    def run(self):
        delay = 0.1
        while not self.leaving:
            began = time.monotonic()
            try:
                self.session()
            except grpc.RpcError as error:
                print(f"stream ended: {error.code().name} {error.details()}", flush=True)
            with self.lock:
                self.outbox = None
            if not self.leaving:
                delay = 0.1 if time.monotonic() - began > 10 else min(delay * 2, 5)
                time.sleep(random.uniform(0.05, delay))

    def session(self):
        with open(self.options.token_file) as file:
            token = file.read().strip()
        outbox = queue.Queue()
        with grpc.insecure_channel(self.options.server) as channel:
            stub = self.rpc.WorkerServiceStub(channel)
            frames = stub.Session(iter(outbox.get, None), metadata=[("authorization", f"Bearer {token}")])
            hello_at = boot()
            outbox.put(self.pb.WorkerFrame(messages=[self.pb.WorkerMessage(hello=self.hello())]))
            self.definitions = {}
            sent_at = {}
            try:
                for frame in frames:
                    for message in frame.messages:
                        kind = message.WhichOneof("kind")
                        if kind == "welcome":
                            self.welcomed(message.welcome, hello_at, outbox, sent_at)
                        elif kind == "refused":
                            self.refused(message.refused)
                            return
                        elif kind == "heartbeat_ack":
                            self.extend_lease(sent_at.pop(message.heartbeat_ack.sequence, 0))
                        else:
                            getattr(self, "on_" + kind)(getattr(message, kind))
                    if self.leaving:
                        return
            finally:
                outbox.put(None)

    def hello(self):
        pb = self.pb
        with self.lock:
            return pb.Hello(
                name=self.options.name, incarnation=self.incarnation, lineage=self.lineage, draining=self.draining,
                profile=pb.Profile(
                    slots=self.options.slots, processors=["noop", "shell"], weight=1, site="python", version="1"),
                inventory=[
                    pb.InventoryItem(
                        attempt=attempt.ref, slots=attempt.slots, finished=attempt.result is not None,
                        started_at=attempt.started_at or 0)
                    for attempt in self.attempts.values()])

    def welcomed(self, welcome, hello_at, outbox, sent_at):
        print(f"welcomed by {welcome.server}", flush=True)
        self.learn(welcome.epochs)
        self.lease = welcome.lease_ms / 1000
        self.extend_lease(hello_at)
        with self.lock:
            self.outbox = outbox
            for attempt in self.attempts.values():
                attempt.log_sent = attempt.log_kept
                self.send_log(attempt)
                if attempt.result:
                    self.send(result=attempt.result)
                else:
                    self.send(accepted=self.pb.Accepted(attempt=attempt.ref, started_at=attempt.started_at))
            if self.draining:
                self.send(draining=self.pb.Draining())
                self.leave_if_done()

        def beat():
            sequence = 0
            while self.outbox is outbox:
                sequence += 1
                sent_at[sequence] = boot()
                self.send(heartbeat=self.pb.Heartbeat(sequence=sequence, used=self.used()))
                time.sleep(welcome.heartbeat_every_ms / 1000)

        threading.Thread(target=beat, daemon=True).start()

    def refused(self, refused):
        print(f"refused: {self.pb.Refusal.Name(refused.code)} {refused.message}", flush=True)
        if refused.code == self.pb.REFUSAL_JUDGED:
            with self.lock:
                for attempt in self.attempts.values():
                    self.kill(attempt, self.pb.OUTCOME_ISOLATED)
                    attempt.ends.wait()
                self.attempts = {}
                self.incarnation = self.stored("incarnation", lambda last: last + 1)

    def send(self, **message):
        with self.lock:
            if self.outbox:
                self.outbox.put(self.pb.WorkerFrame(messages=[self.pb.WorkerMessage(**message)]))

    def send_log(self, attempt):
        with self.lock:
            while self.outbox and attempt.log_sent < len(attempt.log):
                data = bytes(attempt.log[attempt.log_sent:attempt.log_sent + CHUNK])
                self.send(log=self.pb.LogChunk(attempt=attempt.ref, offset=attempt.log_sent, data=data))
                attempt.log_sent += len(data)

    # The lease and the fence ------------------------------------------------------------------------

    def extend_lease(self, sent_at):
        self.lease_end = max(self.lease_end, sent_at + self.lease)

    def watch_lease(self):
        """Kills what may not run on, early enough that it is dead when the lease ends."""
        while True:
            time.sleep(0.05)
            with self.lock:
                if boot() < self.lease_end - 0.5:
                    continue
                for attempt in self.attempts.values():
                    if attempt.job.get("whenIsolated", "kill") == "kill":
                        self.kill(attempt, self.pb.OUTCOME_ISOLATED)

    def learn(self, epochs):
        for item in epochs:
            self.epochs[item.shard] = max(item.epoch, self.epochs.get(item.shard, 0))

    def is_fenced(self, message):
        return message.epoch < self.epochs.get(message.shard, 0)

    def used(self):
        with self.lock:
            return sum(attempt.slots for attempt in self.attempts.values() if not attempt.result)

    # What the server says ---------------------------------------------------------------------------

    def on_epochs(self, epochs):
        self.learn(epochs.epochs)

    def on_dispatch(self, dispatch):
        job_key = (dispatch.job, dispatch.job_version)
        if dispatch.definition:
            self.definitions[job_key] = json.loads(dispatch.definition)
        job = self.definitions[job_key]
        ref = dispatch.attempt
        with self.lock:
            if known := self.attempts.get((ref.instance, ref.attempt)):
                if known.result:
                    return self.send(result=known.result)
                return self.send(accepted=self.pb.Accepted(attempt=ref, started_at=known.started_at))
            reason = None
            if self.is_fenced(dispatch):
                reason = "a stale epoch"
            elif self.draining:
                reason = "draining"
            elif any(known.ref.instance == ref.instance and not known.result for known in self.attempts.values()):
                reason = "an earlier attempt still runs"
            elif self.used() + job["slots"] > self.options.slots:
                reason = "no free slot"
            if reason:
                return self.send(rejected=self.pb.Rejected(attempt=ref, reason=reason))
            attempt = Attempt(ref, job["slots"], job)
            attempt.started_at = wall()
            self.attempts[attempt.key] = attempt
            self.send(accepted=self.pb.Accepted(attempt=ref, started_at=attempt.started_at))
        threading.Thread(target=self.execute, args=(attempt, dispatch), daemon=True).start()

    def on_stop(self, stop):
        if self.is_fenced(stop):
            return
        ref = stop.attempt
        with self.lock:
            attempt = self.attempts.get((ref.instance, ref.attempt))
            if attempt is None:
                # Kept like every result, so that a Dispatch that comes after this does not run.
                attempt = self.attempts[(ref.instance, ref.attempt)] = Attempt(ref, 0, {})
                attempt.ends.set()
                attempt.result = self.pb.Result(
                    attempt=ref, outcome=self.pb.OUTCOME_STOPPED, ended_at=wall(), detail="stopped before it began")
            if attempt.result:
                return self.send(result=attempt.result)
            self.kill(attempt, self.pb.OUTCOME_STOPPED)

    def on_result_ack(self, ack):
        with self.lock:
            self.attempts.pop((ack.attempt.instance, ack.attempt.attempt), None)
            self.leave_if_done()

    def on_log_ack(self, ack):
        with self.lock:
            if attempt := self.attempts.get((ack.attempt.instance, ack.attempt.attempt)):
                attempt.log_kept = max(attempt.log_kept, ack.offset)

    def on_drain(self, _):
        self.drain()

    # Leaving ----------------------------------------------------------------------------------------

    def drain(self, *_):
        with self.lock:
            self.draining = True
            self.send(draining=self.pb.Draining())
            self.leave_if_done()

    def leave_if_done(self):
        if self.draining and not self.attempts and self.outbox:
            self.send(goodbye=self.pb.Goodbye())
            self.outbox.put(None)
            self.leaving = True

    # Running ----------------------------------------------------------------------------------------

    def kill(self, attempt, outcome):
        if attempt.result is None and attempt.killed_for is None:
            attempt.killed_for = outcome
            attempt.ends.set()
            if attempt.process:
                os.killpg(attempt.process.pid, signal.SIGKILL)

    def execute(self, attempt, dispatch):
        processor = attempt.job["processor"]
        if "timeout" in attempt.job:
            timer = threading.Timer(seconds(attempt.job["timeout"]), self.kill, (attempt, self.pb.OUTCOME_TIMED_OUT))
            timer.daemon = True
            timer.start()
        outcome, text, detail = self.pb.OUTCOME_SUCCEEDED, None, None
        if "noop" in processor:
            attempt.ends.wait(seconds(processor["noop"].get("duration", "0s")))
        else:
            code = self.shell(attempt, processor["shell"], dispatch)
            lines = bytes(attempt.log).decode(errors="replace").splitlines()
            text = lines[-1][:1000] if lines else None
            if code != 0:
                outcome, detail = self.pb.OUTCOME_FAILED, f"exit code {code}"
        with self.lock:
            if attempt.key not in self.attempts:
                return  # of an incarnation that was judged
            if attempt.killed_for is not None:
                outcome, detail = attempt.killed_for, "killed"
            result = self.pb.Result(
                attempt=attempt.ref, outcome=outcome, started_at=attempt.started_at, ended_at=wall())
            if text is not None:
                result.result = json.dumps(text)
            if detail is not None:
                result.detail = detail
            attempt.result = result
            attempt.ends.set()
            self.send(result=result)

    def shell(self, attempt, shell, dispatch):
        command = shell["command"]
        if isinstance(command, str):
            command = ["/bin/sh", "-c", command]
        environment = {
            "PATH": os.environ["PATH"], **shell.get("env", {}),
            "SWITCHYARD_ATTEMPT": str(dispatch.attempt.attempt), "SWITCHYARD_WORKER": self.options.name,
            "SWITCHYARD_APP": dispatch.app, "SWITCHYARD_JOB": attempt.job["name"],
            "SWITCHYARD_PARAMETERS": dispatch.parameters,
        }
        with self.lock:
            if attempt.killed_for is not None:
                return -signal.SIGKILL
            attempt.process = subprocess.Popen(
                command, env=environment, cwd=shell.get("cwd"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True)
        while data := attempt.process.stdout.read1(CHUNK):
            with self.lock:
                attempt.log += data
            self.send_log(attempt)
        return attempt.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in "server", "token-file", "name", "data", "proto":
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--slots", type=int, default=4)
    options = parser.parse_args()
    sys.path.insert(0, options.proto)
    import worker_pb2
    import worker_pb2_grpc

    worker = Worker(options, worker_pb2, worker_pb2_grpc)
    # Not in the handler itself: it may come while this thread holds the lock.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=worker.drain).start())
    worker.run()


if __name__ == "__main__":
    main()
