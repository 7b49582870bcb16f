#!/usr/bin/env python3
"""Holds a real server against its own document: check_api.py PROGRAM [--examples N].

Starts a server and a worker, runs a few jobs so that there is something to look at, validates the OpenAPI
document, and lets schemathesis ask every operation good and bad questions (schemathesis.toml says with which checks).
"""

import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import openapi_spec_validator

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 60  # seconds until a wait is a failure


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


class Server:
    def __init__(self, program, directory):
        self.program = program
        self.directory = directory
        self.processes = []
        http, grpc = free_ports(2)
        self.url, self.grpc = f"http://127.0.0.1:{http}", f"127.0.0.1:{grpc}"
        self.token = ""
        self.start(
            "server", "--data", directory / "data", "--http", f"127.0.0.1:{http}", "--grpc", self.grpc, "--lease", "15s"
        )
        self.await_("the server", self.is_ready)

    def is_ready(self):
        try:
            self.token = (self.directory / "data" / "token").read_text().strip()
            return self.call("GET", "/status")["phase"] == "owning"
        except (OSError, urllib.error.URLError):
            return False

    def await_(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end or any(process.poll() is not None for process in self.processes):
                sys.exit(f"{what} does not come:\n" + (self.directory / "server.log").read_text())
            time.sleep(0.02)

    def start(self, *arguments):
        log = open(self.directory / f"{arguments[0]}.log", "w")
        self.processes.append(
            subprocess.Popen(
                [self.program, *map(str, arguments)], stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(self.directory)},
            )
        )

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + "/api/v1" + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return json.load(response)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(PATIENCE)


def furnish(server):
    """Something of each kind: what is empty shows no fault."""
    server.start(
        "worker", "--name", "w1", "--data", server.directory / "w1", "--server", server.grpc,
        "--worker-token-file", server.directory / "data" / "worker-token", "--slots", 64, "--site", "east",
    )
    server.await_(
        "the worker",
        lambda: any(worker["state"] == "running" for worker in server.call("GET", "/workers")["workers"]),
    )
    jobs = "/apps/default/jobs/"
    server.call("PUT", jobs + "quick", {"name": "quick", "processor": {"noop": {}}, "tags": []})
    server.call(
        "PUT", jobs + "broken",
        {
            "name": "broken", "processor": {"shell": {"command": "echo out; exit 3", "env": {"A": "b"}}},
            "retry": {"limit": 1, "backoff": "1ms"}, "schedule": {"cron": "0 0 1 1 *"}, "timeZone": "Europe/Paris",
        },
    )
    server.call("PUT", jobs + "unplaceable", {"name": "unplaceable", "processor": {"noop": {}}, "tags": ["nowhere"]})
    server.call("POST", jobs + "quick/run?wait=60s", {"parameters": {"a": [1, None]}})
    server.call("POST", jobs + "broken/run?wait=60s")
    server.call("POST", jobs + "unplaceable/run")
    server.call("PUT", "/apps/default/policy", {"balancer": {"plugin": "switchyard.weighted-round-robin"}})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--examples", type=int, default=25, help="questions to an operation in a phase")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful", help="of schemathesis")
    parser.add_argument("--seed", type=int, default=1, help="of the questions")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="switchyard-api-") as directory:
        server = Server(pathlib.Path(arguments.program).resolve(), pathlib.Path(directory))
        try:
            furnish(server)
            document = server.call("GET", "/openapi.json")
            openapi_spec_validator.validate(document)
            print(f"the document is valid: {sum(map(len, document['paths'].values()))} operations")
            sys.stdout.flush()
            outcome = subprocess.run(
                [
                    pathlib.Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml",
                    "run", server.url + "/api/v1/openapi.json", "--max-examples", str(arguments.examples),
                    "--phases", arguments.phases,
                    "--seed", str(arguments.seed), "-H", f"Authorization: Bearer {server.token}",
                ],
                cwd=directory, env={**os.environ, "PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "formats"},
            ).returncode
            for process in server.processes:
                if process.poll() is not None:
                    sys.exit(f"a process ended with {process.returncode}")
        finally:
            server.stop()
    sys.exit(outcome)


if __name__ == "__main__":
    main()
