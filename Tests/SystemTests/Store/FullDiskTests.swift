import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct FullDisk {
    /// What a client was told, and after which time.
    private struct Told {
      var answer: HTTPAnswer
      var after: Duration
    }

    private func submit(_ job: String, on cluster: Cluster) async throws -> Told {
      let began = ContinuousClock.now
      let answer = try await cluster.api.exchange("POST", "/apps/default/jobs/\(job)/run", bytes: Array("{}".utf8))
      return Told(answer: answer, after: ContinuousClock.now - began)
    }

    @Test func `clients are told at once, workers notice nothing, and all goes on when there is room`() async throws {
      try await withCluster { cluster in
        guard try await cluster.startServer(onDisk: "256m") else { return }
        let api = cluster.api
        try await api.apply(noopJob("nap", "0s"))
        try await api.apply(shellJob("chatty", "head -c 100000 /dev/zero | tr '\\0' x; echo; sleep 8; echo done"))
        try await cluster.startWorker("a")
        var acknowledged: [String] = []
        for _ in 0..<20 { acknowledged.append(try await api.run("nap")) }
        let running = try await api.run("chatty")
        acknowledged.append(running)
        try await api.instance(running, becomes: "running")

        let ballast = "\(cluster.data)/ballast"
        try fill(ballast)
        let refused = try await eventually("a submission is refused") { () -> Told? in
          let told = try await submit("nap", on: cluster)
          #expect(told.after < .seconds(8), "nobody is kept waiting")
          if told.answer.status == 202 {
            acknowledged.append(try told.answer.json.text("id"))
            try fill(ballast)
            return nil
          }
          return told
        }
        #expect(refused.answer.status == 503, "\(refused.answer.detail)")
        #expect(refused.answer.detail.contains("nothing was stored"), "\(refused.answer.detail)")
        #expect(refused.answer.detail.contains("is full"), "\(refused.answer.detail)")
        #expect(refused.answer.headers["retry-after"] != nil)
        let again = try await submit("nap", on: cluster)
        #expect(again.answer.status == 503)
        #expect(again.after < .seconds(2), "known by now")

        let unready = try await ask(cluster, "/readyz")
        #expect(unready.status == 503)
        let wrong = (try unready.json["checks"]?.arrayValue ?? []).filter { $0["ok"] == false }
        #expect(wrong.map { $0.text("name") } == ["store"], "\(unready.text)")
        #expect(wrong.first?.text("problem").contains("is full") == true, "\(unready.text)")
        #expect(try await ask(cluster, "/healthz").status == 200, "a restart would not help")
        #expect(try await freeBytes(cluster) < 1 << 20)

        #expect(try await api.instances().count == acknowledged.count, "reads go on, and nothing refused is there")
        #expect(try await api.worker("a")?.text("state") == "running")
        try FileManager.default.removeItem(atPath: ballast)
        let late = try await eventually("it writes again") { try await submit("nap", on: cluster).answer.json["id"] }
        acknowledged.append(late.stringValue ?? "")
        #expect(try await ask(cluster, "/readyz").status == 200)
        #expect(try await freeBytes(cluster) > 100 << 20)
        for id in acknowledged {
          let end = try await api.end(of: id)
          #expect(end.text("state") == "succeeded", "\(end.text)")
          #expect(end.number("attempt") == 1, "its worker was never taken for lost")
        }
        #expect(Set(try await api.instances().map { $0.text("id") }) == Set(acknowledged))
        #expect(try cluster.process("server").ended == nil)
      }
    }

    private func ask(_ cluster: Cluster, _ path: String) async throws -> HTTPAnswer {
      let exchange = HTTPExchange(
        port: cluster.http, method: "GET", target: path,
        headers: [("authorization", "Bearer \(cluster.api.token)")])
      return try await exchange.run()
    }

    private func freeBytes(_ cluster: Cluster) async throws -> Int {
      let lines = try await ask(cluster, "/metrics").text.split(separator: "\n")
      let line = try #require(lines.first { $0.hasPrefix("switchyard_data_free_bytes ") })
      return try #require(Int(line.split(separator: " ")[1]))
    }

    /// Writes until the disk takes no more.
    private func fill(_ path: String) throws {
      let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
      guard file >= 0 else { throw Failure("\(path): \(String(cString: strerror(errno)))") }
      defer { close(file) }
      for size in [1 << 20, 1 << 12, 1] {
        let zeros = [UInt8](repeating: 0, count: size)
        while write(file, zeros, size) == size {}
      }
    }
  }
}
