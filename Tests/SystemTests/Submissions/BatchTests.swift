import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Batches {
    private func items(_ items: [JSONValue], to cluster: Cluster) async throws -> [JSONValue] {
      try await cluster.api.call("POST", "/apps/default/instances", .array(items))["instances"]?.arrayValue ?? []
    }

    @Test func `an array is answered item by item, in order, and each runs once`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("w1", slots: 64)
        try await cluster.api.apply(noopJob("quick"))
        var wanted: [JSONValue] = (0..<2_500).map { ["job": "quick", "key": .string("k\($0)")] }
        wanted[7] = ["job": "none-such"]
        wanted[1_500] = ["job": "quick", "keys": "k"]
        wanted[2_000] = ["job": "quick", "key": "k3"]
        let answers = try await items(wanted, to: cluster)
        try #require(answers.count == 2_500)
        #expect(answers[7]["problem"]?["status"] == 404)
        #expect(answers[1_500]["problem"]?["errors"]?[0]?["field"] == "keys")
        #expect(answers[2_000]["duplicate"] == true && answers[2_000]["id"] == answers[3]["id"])
        let ids = answers.enumerated().filter { ![7, 1_500, 2_000].contains($0.offset) }.map { $0.element.text("id") }
        #expect(Set(ids).count == 2_497)
        try await eventually("all are over", within: .seconds(60)) { try await cluster.api.open() == 0 }
        let instances = try await cluster.api.instances("job=quick&app=default")
        #expect(instances.count == 2_497)
        #expect(instances.allSatisfy { $0.text("state") == "succeeded" && $0["attempt"] == 1 })
        let byID = Dictionary(uniqueKeysWithValues: instances.map { ($0.text("id"), $0.text("occurrence")) })
        #expect(byID[answers[42].text("id")] == "key:k42")
      }
    }

    private static let tooMany =
      "[" + Array(repeating: #"{"job":"quick"}"#, count: 10_001).joined(separator: ",") + "]"
    private static let tooLong: String = "[" + String(repeating: " ", count: 4 << 20) + "]"
    private static let wholes: [(String, Int)] = [
      (#"{"job":"quick"}"#, 400), ("[", 400), (#"[{"job":"quick"}"#, 400), ("null", 400), (tooMany, 400),
      (tooLong, 413), ("[]", 200),
    ]

    @Test func `what is no array of submissions is refused as a whole`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(noopJob("quick"))
        for (body, status) in Self.wholes {
          let answer = try await cluster.api.exchange("POST", "/apps/default/instances", bytes: Array(body.utf8))
          #expect(answer.status == status, "\(body.prefix(20)): \(answer.detail)")
        }
        #expect(try await cluster.api.instances().isEmpty)
      }
    }

    @Test func `a key means one instance, also after a restart, and with another body it is refused`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(noopJob("quick"))
        try await cluster.api.apply(noopJob("other"))
        let body: JSONValue = ["key": "k", "parameters": ["a": 1, "b": [true]]]
        let run = "/apps/default/jobs/quick/run"
        let first = try await cluster.api.call("POST", run, body)
        #expect(first["duplicate"] == false)
        try await cluster.kill("server")
        try await cluster.startServer()
        // The same in other words: members of an object have no order.
        let again = try await cluster.api.call(
          "POST", run, ["parameters": ["b": [true], "a": 1], "key": "k"])
        #expect(again["id"] == first["id"] && again["duplicate"] == true)
        var header = HTTPExchange(
          port: cluster.http, method: "POST", target: "/api/v1" + run,
          body: Array(#"{"parameters":{"a":1,"b":[true]}}"#.utf8))
        header.headers = [("authorization", "Bearer \(cluster.api.token)"), ("idempotency-key", "\"k\"")]
        let byHeader = try await header.run()
        #expect(byHeader.status == 200)
        #expect(try byHeader.json["id"] == first["id"])
        header.body = Array(#"{"key":"l"}"#.utf8)
        #expect(try await header.run().status == 422)

        let others: [JSONValue] = [
          ["key": "k"], ["key": "k", "parameters": ["a": 2, "b": [true]]],
          ["key": "k", "parameters": ["a": 1, "b": [true]], "at": "2030-01-01T00:00:00Z"],
        ]
        for other in others {
          let answer = try await cluster.api.exchange("POST", run, bytes: other.bytes)
          #expect(answer.status == 409, "\(other.text): \(answer.detail)")
        }
        let batch = try await items(
          [
            ["job": "quick", "key": "k"], ["job": "other", "key": "k"],
            ["job": "quick", "key": "k", "parameters": ["a": 1, "b": [true]]],
          ], to: cluster)
        #expect(batch[0]["problem"]?["status"] == 409)
        #expect(batch[1]["duplicate"] == false)
        #expect(batch[2]["id"] == first["id"])
        #expect(try await cluster.api.instances().count == 2)
      }
    }

    @Test func `a file of lines runs each once, and a wrong line harms no other`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("w1", slots: 64)
        try await cluster.api.apply(noopJob("quick"))
        var lines = (0..<5_000).map { #"{"job":"quick","key":"k\#($0)","parameters":{"n":\#($0)}}"# }
        lines[10] = "{not json"
        lines[20] = ""
        lines[30] = #"{"job":"quick","parameters":""# + String(repeating: "x", count: 600_000) + #""}"#
        let file = try cluster.write("lines.ndjson", lines.joined(separator: "\n"))
        let outcome = try await cluster.cli("instance", "submit", "-f", file, "--json")
        #expect(outcome.code == 1)
        let answers = try outcome.text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        try #require(answers.count == 4_999, "\(outcome.errors)")
        #expect(answers[10]["problem"]?["status"] == 400)
        #expect(answers[29]["problem"]?["status"] == 413)
        try await eventually("all are over", within: .seconds(60)) { try await cluster.api.open() == 0 }
        let last = try await cluster.api.instance(answers[4_998].text("id"))
        #expect(last["parameters"] == ["n": 4_999] && last.text("state") == "succeeded")

        // The whole file again: what was stored is there already.
        let again = try await cluster.cli("instance", "submit", "-f", file)
        #expect(again.text == "0 stored, 4997 were there already, 2 refused\n", "\(again)")
        #expect(again.errors.contains("submission 11:"))
        let more = try await cluster.cli("job", "run", "quick", "--batch", "-", input: "{}\n{\"key\":\"k0\"}\n")
        #expect(more.text == "1 stored, 0 were there already, 1 refused\n", "\(more)")
        #expect(try await cluster.api.instances().count == 4_998)
      }
    }

    /// Nothing is read from it, so that sooner or later nothing more can be written to it.
    @Test func `a client that does not read its answers is not read`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let stalled = try StalledClient(port: cluster.http, token: cluster.api.token)
        defer { stalled.hangUp() }
        let taken = try await stalled.write(upTo: 256 << 20)
        #expect(taken < 64 << 20, "\(taken) bytes were taken")
        var metrics = HTTPExchange(port: cluster.http, method: "GET", target: "/metrics")
        metrics.headers.append(("authorization", "Bearer \(cluster.api.token)"))
        // What it may hold in memory is counted: a line of 512 KiB, and its value.
        #expect(try await metrics.run().text.contains("switchyard_admitted{what=\"body-bytes\"} 1048576\n"))
        #expect(try await cluster.api.get("/status").text("phase") == "owning")
      }
    }
  }
}

/// Sends lines that are all wrong, and never reads what is said of them.
private final class StalledClient: Sendable {
  private let descriptor: Int32

  init(port: Int, token: String) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var small: Int32 = 4096
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &small, 4)
    guard withLoopback(port, { connect(descriptor, $0, $1) }) == 0 else { throw Failure("port \(port) refuses") }
    // Longer than the server takes for a piece of work on a busy machine.
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let head = """
      POST /api/v1/apps/default/instances HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer \(token)\r\n\
      content-type: application/x-ndjson\r\ncontent-length: 1000000000\r\n\r\n
      """
    _ = send(descriptor, head, head.utf8.count, Int32(MSG_NOSIGNAL))
  }

  /// - Returns: how many bytes were taken before none were for some seconds.
  func write(upTo limit: Int) async throws -> Int {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { [descriptor] in
        let lines = Array(String(repeating: "x\n", count: 32_768).utf8)
        var taken = 0
        while taken < limit {
          let count = send(descriptor, lines, lines.count, Int32(MSG_NOSIGNAL))
          if count > 0 { taken += count } else { break }
        }
        continuation.resume(returning: taken)
      }
    }
  }

  func hangUp() { close(descriptor) }
}
