import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Outcome {
    @Test func `exit codes, signals and what cannot run are told truthfully`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let cases: [(name: String, processor: JSONValue, state: String, detail: String)] = [
          ("fine", ["shell": ["command": "exit 0"]], "succeeded", ""),
          ("three", ["shell": ["command": "exit 3"]], "failed", "exit code 3"),
          ("most", ["shell": ["command": "exit 255"]], "failed", "exit code 255"),
          ("segv", ["shell": ["command": "kill -SEGV $$"]], "failed", "killed by signal 11 (SEGV)"),
          ("kill", ["shell": ["command": "kill -KILL $$"]], "failed", "killed by signal 9 (KILL)"),
          ("absent", ["shell": ["command": ["/no/such/program"]]], "failed", "cannot run \"/no/such/program\""),
          ("nowhere", ["shell": ["command": "true", "cwd": "/no/such/place"]], "failed", "/no/such/place"),
          ("words", ["shell": ["command": ["/bin/sh", "-c", "[ \"$1\" = 'a b' ]", "x", "a b"]]], "succeeded", ""),
          ("env", ["shell": ["command": "[ \"$COLOUR\" = red ]", "env": ["COLOUR": "red"]]], "succeeded", ""),
          ("left", ["shell": ["command": "sleep 300 & exit 0"]], "succeeded", "1 process that it left killed"),
          ("asks", ["http": ["url": "\(cluster.url)/api/v1/status", "expect": [401]]], "succeeded", ""),
          ("asks-200", ["http": ["url": "\(cluster.url)/api/v1/status"]], "failed", "401"),
          ("asks-nobody", ["http": ["url": "http://127.0.0.1:1/"]], "failed", ""),
        ]
        var ids: [String] = []
        for one in cases {
          try await cluster.api.apply(job(one.name, one.processor))
          ids.append(try await cluster.api.run(one.name))
        }
        for (one, id) in zip(cases, ids) {
          let end = try await cluster.api.end(of: id)
          #expect(end.text("state") == one.state, "\(one.name): \(end.text)")
          #expect(one.detail.isEmpty || end.text("detail").contains(one.detail), "\(one.name): \(end.text)")
          #expect(try end.time("endedAt") >= end.time("dispatchedAt"), "\(one.name): \(end.text)")
          // What could not be run never started.
          let began = !one.detail.contains("cannot run") && !one.detail.hasPrefix("/")
          #expect((end["startedAt"] != .null) == began, "\(one.name): \(end.text)")
        }
      }
    }

    @Test func `parameters reach the command, and what it leaves as its result comes back`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let command = "printf '%s' \"$SWITCHYARD_PARAMETERS\" > \"$SWITCHYARD_RESULT\""
        try await cluster.api.apply(shellJob("echo", command, ["parameters": ["n": 1]]))
        let own = try await cluster.api.end(of: cluster.api.run("echo"))
        #expect(own["result"] == ["n": 1], "\(own.text)")
        let given = try await cluster.api.end(of: cluster.api.run("echo", parameters: ["it's": ["a \"b\" $c\n", 2]]))
        #expect(given["result"] == ["it's": ["a \"b\" $c\n", 2]], "\(given.text)")
      }
    }

    @Test func `one that takes too long is timed out, tried again, and keeps its attempts`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let more: JSONValue = [
          "timeout": "300ms", "grace": "100ms", "retry": ["limit": 2, "backoff": "200ms", "factor": 2, "jitter": 0],
        ]
        try await cluster.api.apply(shellJob("slow", "sleep 300", more))
        try await cluster.api.apply(noopJob("idle", "5m", more))
        for name in ["slow", "idle"] {
          let end = try await cluster.api.end(of: cluster.api.run(name))
          #expect(end.text("state") == "timed-out", "\(end.text)")
          #expect(end.text("detail").contains("timed out after 300ms"), "\(end.text)")
          #expect(end.number("attempt") == 3 && end.number("tries") == 3, "\(end.text)")
          let past = end["pastAttempts"]?.arrayValue ?? []
          #expect(past.map { $0.number("attempt") } == [1, 2])
          #expect(past.allSatisfy { $0.text("outcome") == "timed-out" }, "\(end.text)")
          // The first wait is 200 ms, the second 400 ms.
          guard past.count == 2 else { continue }
          #expect(try past[1].time("dispatchedAt") - past[0].time("endedAt") >= .milliseconds(200))
          #expect(try end.time("dispatchedAt") - past[1].time("endedAt") >= .milliseconds(400))
        }
      }
    }

    @Test func `it is tried until it succeeds, and no more often than it may`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let retry: JSONValue = ["retry": ["limit": 3, "backoff": "50ms"]]
        try await cluster.api.apply(shellJob("third", "[ $SWITCHYARD_ATTEMPT -ge 3 ]", retry))
        try await cluster.api.apply(shellJob("never", "exit 9", retry))
        let third = try await cluster.api.end(of: cluster.api.run("third"))
        #expect(third.text("state") == "succeeded" && third.number("attempt") == 3, "\(third.text)")
        let never = try await cluster.api.end(of: cluster.api.run("never"))
        #expect(never.text("state") == "failed" && never.number("attempt") == 4, "\(never.text)")
      }
    }
  }
}
