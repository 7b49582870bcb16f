"""A worker written from worker.proto alone, against a real server.

    python test_python_worker.py SWITCHYARD
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
PROTOS = os.path.join(HERE, "../../Sources/SwitchyardWire/Protos")
LIMIT = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read(path):
    with open(path, errors="replace") as file:
        return file.read()


def write(path, text=""):
    with open(path, "w") as file:
        file.write(text)


def eventually(what, condition, limit=LIMIT):
    """Waits for an event; what it depends on is looked at often."""
    end = time.monotonic() + limit
    while True:
        try:
            if value := condition():
                return value
        except (OSError, urllib.error.URLError) as error:
            what = f"{what} ({error})"[:400]
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit} s: {what}")
        time.sleep(0.02)


class Cluster:
    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="switchyard-python-")
        self.http, self.grpc = free_port(), free_port()
        self.processes = {}
        subprocess.run(
            [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}", f"--python_out={self.path('.')}",
             f"--grpc_python_out={self.path('.')}", "worker.proto"], check=True)
        self.start_server()
        self.start_worker()

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def start(self, name, command):
        with open(self.path(f"{name}.out"), "ab") as output:
            self.processes[name] = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)

    def start_server(self):
        self.start("server", [
            PROGRAM, "server", "--data", self.path("data"), "--http", f"127.0.0.1:{self.http}",
            "--grpc", f"127.0.0.1:{self.grpc}", "--lease", "4s"])
        eventually("the server answers", lambda: self.get("/status")["phase"] == "owning")

    def start_worker(self):
        self.start("worker", [
            sys.executable, os.path.join(HERE, "worker.py"), "--server", f"127.0.0.1:{self.grpc}",
            "--token-file", self.path("data/worker-token"), "--name", "python-1", "--data", self.path("worker"),
            "--proto", self.directory.name])
        self.worker_is("running")

    def worker_is(self, state):
        def states():
            return [worker["state"] for worker in self.get("/workers")["workers"] if worker["name"] == "python-1"]
        eventually(f"the worker is {state}", lambda: states() == [state])

    def end(self, name, number):
        self.processes[name].send_signal(number)
        return self.processes[name].wait(LIMIT)

    def close(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        self.directory.cleanup()

    # The server's faces -----------------------------------------------------------------------------

    def request(self, method, path, body=None):
        token = read(self.path("data/token")).strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}/api/v1{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {token}", "content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=LIMIT) as response:
            return response.read()

    def get(self, path):
        return json.loads(self.request("GET", path))

    def job(self, name, processor, **more):
        self.request("PUT", f"/apps/default/jobs/{name}", {"name": name, "processor": processor, **more})

    def run(self, name, **body):
        return json.loads(self.request("POST", f"/apps/default/jobs/{name}/run", body))["id"]

    def ended(self, instance):
        return eventually(f"{instance} ends", lambda: (
            value := self.get(f"/instances/{instance}/wait?timeout=20s"))["endedAt"] and value)

    def state_is(self, instance, state):
        eventually(f"{instance} is {state}", lambda: self.get(f"/instances/{instance}")["state"] == state)

    def log(self, instance):
        return self.request("GET", f"/instances/{instance}/logs")

    def cli(self, *arguments):
        environment = {
            **os.environ, "SWITCHYARD_SERVER_URL": f"http://127.0.0.1:{self.http}",
            "SWITCHYARD_TOKEN_FILE": self.path("data/token"), "SWITCHYARD_CONFIG": self.path("none.yaml")}
        write(self.path("none.yaml"), "{}\n")
        return subprocess.run(
            [PROGRAM, *arguments], env=environment, capture_output=True, text=True, timeout=LIMIT)


def until(path):
    """A command that waits for a file."""
    return f"while [ ! -e {path} ]; do sleep 0.05; done"


class PythonWorker(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)

    def tearDown(self):
        for name in "server", "worker":
            text = read(self.cluster.path(f"{name}.out"))
            self.assertNotIn("Traceback", text)

    def test_runs_jobs_and_says_how_they_went(self):
        cluster = self.cluster
        cluster.job("nothing", {"noop": {"duration": "10ms"}})
        self.assertEqual(cluster.ended(cluster.run("nothing"))["state"], "succeeded")

        cluster.job("report", {"shell": {"command": "echo $SWITCHYARD_PARAMETERS; echo made by $SWITCHYARD_WORKER"}})
        told = cluster.cli("job", "run", "report", "--wait", "--parameters", '{"day": 4}')
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertIn('{"day":4}\nmade by python-1\n', told.stdout)
        self.assertIn("succeeded on python-1", told.stdout)
        instance = cluster.run("report")
        self.assertIn("made by python-1", cluster.ended(instance)["result"])

        cluster.job("fails", {"shell": {"command": "echo oh no; exit 3"}})
        told = cluster.cli("job", "run", "fails", "--wait")
        self.assertEqual(told.returncode, 1)
        self.assertIn("exit code 3", told.stdout)

        cluster.job("slow", {"noop": {"duration": "1h"}}, timeout="100ms")
        self.assertEqual(cluster.ended(cluster.run("slow"))["state"], "timed-out")

    def test_two_hundred_jobs_run_once_each(self):
        cluster = self.cluster
        witness = cluster.path("witness")
        cluster.job("once", {"shell": {"command": f"echo $SWITCHYARD_PARAMETERS >> {witness}"}})
        instances = [cluster.run("once", parameters=number) for number in range(200)]
        self.assertEqual({cluster.ended(instance)["state"] for instance in instances}, {"succeeded"})
        self.assertEqual(sorted(map(int, read(witness).split())), list(range(200)))

    def test_logs_of_any_length_arrive_whole(self):
        cluster = self.cluster
        cluster.job("loud", {"shell": {"command": "seq 1 60000"}})
        instance = cluster.run("loud")
        self.assertEqual(cluster.ended(instance)["state"], "succeeded")
        whole = b"".join(b"%d\n" % number for number in range(1, 60_001))
        eventually("the log is whole", lambda: cluster.log(instance) == whole)

    def test_stops_what_runs(self):
        cluster = self.cluster
        started = cluster.path("started")
        cluster.job("endless", {"shell": {"command": f"echo $$ > {started}; exec sleep 1000"}})
        instance = cluster.run("endless")
        pid = int(eventually("it runs", lambda: os.path.exists(started) and read(started)))
        self.assertEqual(cluster.cli("instance", "stop", instance).returncode, 0)
        self.assertEqual(cluster.ended(instance)["state"], "stopped")
        self.assertFalse(os.path.exists(f"/proc/{pid}"))

    def test_a_server_that_starts_again_adopts_what_runs(self):
        cluster = self.cluster
        witness, go = cluster.path("witness"), cluster.path("go")
        cluster.job("long", {"shell": {"command": f"echo begun >> {witness}; {until(go)}; echo $SWITCHYARD_ATTEMPT"}})
        instance = cluster.run("long")
        eventually("it runs", lambda: os.path.exists(witness))
        cluster.end("server", signal.SIGKILL)
        cluster.start_server()
        cluster.worker_is("running")
        cluster.state_is(instance, "running")
        write(go)
        ended = cluster.ended(instance)
        self.assertEqual((ended["state"], ended["attempt"]), ("succeeded", 1))
        self.assertEqual(read(witness), "begun\n")
        eventually("its log is there", lambda: cluster.log(instance) == b"1\n")

    def test_a_result_outlives_a_server(self):
        cluster = self.cluster
        witness, go = cluster.path("witness"), cluster.path("go")
        cluster.job("long", {"shell": {"command": f"echo begun >> {witness}; {until(go)}; echo done >> {witness}"}})
        instance = cluster.run("long")
        eventually("it runs", lambda: os.path.exists(witness))
        cluster.end("server", signal.SIGKILL)
        write(go)
        eventually("it ends while there is no server", lambda: read(witness) == "begun\ndone\n")
        cluster.start_server()
        ended = cluster.ended(instance)
        self.assertEqual((ended["state"], ended["attempt"]), ("succeeded", 1))

    def test_kills_what_runs_when_the_lease_ends_and_comes_back(self):
        cluster = self.cluster
        witness, go = cluster.path("witness"), cluster.path("go")
        cluster.job("long", {"shell": {"command": f"echo $$ >> {witness}; {until(go)}"}})
        instance = cluster.run("long")
        pid = int(eventually("it runs", lambda: os.path.exists(witness) and read(witness)))
        server = cluster.processes["server"]
        server.send_signal(signal.SIGSTOP)
        eventually("it is killed with the lease", lambda: not os.path.exists(f"/proc/{pid}"))
        write(go)
        server.send_signal(signal.SIGCONT)
        ended = cluster.ended(instance)
        self.assertEqual((ended["state"], ended["attempt"]), ("succeeded", 2))

    def test_drains(self):
        cluster = self.cluster
        witness, go = cluster.path("witness"), cluster.path("go")
        cluster.job("long", {"shell": {"command": f"echo begun >> {witness}; {until(go)}"}})
        cluster.job("nothing", {"noop": {}})
        instance = cluster.run("long")
        eventually("it runs", lambda: os.path.exists(witness))
        worker = cluster.processes["worker"]
        worker.send_signal(signal.SIGTERM)
        cluster.worker_is("draining")
        waits = cluster.run("nothing")
        write(go)
        self.assertEqual(cluster.ended(instance)["state"], "succeeded")
        self.assertEqual(worker.wait(LIMIT), 0)
        self.assertEqual(cluster.get(f"/instances/{waits}")["state"], "waiting")
        cluster.start_worker()
        self.assertEqual(cluster.ended(waits)["state"], "succeeded")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop())
    unittest.main(verbosity=2)
