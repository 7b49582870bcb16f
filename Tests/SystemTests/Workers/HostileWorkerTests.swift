import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  /// A worker with a good token and no good will: refused, counted, and felt by nobody else.
  @Suite struct HostileWorker {
    private func count(_ cluster: Cluster, _ name: String) async throws -> Int64 {
      max(0, try await cluster.api.get("/status")["sinceStart"]?.number(name) ?? 0)
    }

    private func counted(
      _ cluster: Cluster, _ name: String, _ number: Int64 = 1, within limit: Duration = .seconds(30)
    ) async throws {
      try await eventually("\(name) is counted", within: limit) { try await count(cluster, name) >= number }
    }

    private func result(_ attempt: AttemptRef) -> WorkerMessage {
      .result(AttemptResult(attempt: attempt, outcome: .succeeded, startedAt: nil, endedAt: Timestamp(seconds: 1)))
    }

    @Test func `what is placed on another is not its to end, to begin, or to speak of`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("honest")
        try await cluster.api.apply(["name": "long", "processor": ["noop": ["duration": "1h"]]])
        let id = try await cluster.api.run("long")
        try await cluster.api.instance(id, becomes: "running")
        let theirs = AttemptRef(instance: try #require(InstanceID(id)), attempt: 1)
        try await RawWorker.joining(cluster) { thief in
          thief.hello("thief")
          try await cluster.workerIsThere("thief")
          thief.send([
            result(theirs), result(AttemptRef(instance: theirs.instance, attempt: 2)),
            .accepted(theirs, startedAt: Timestamp(seconds: 1)), .rejected(theirs, reason: "no"),
            .log(LogChunk(attempt: theirs, offset: 0, bytes: Array("forged".utf8))),
          ])
          for name in ["result.stale", "accepted.stale", "rejected.stale", "log.stale"] {
            try await counted(cluster, name)
          }
          #expect(try await count(cluster, "result.stale") == 2)
          // It need not say it again.
          #expect(thief.received.contains(.resultAck(theirs)))
        }
        let instance = try await cluster.api.instance(id)
        #expect(instance.text("state") == "running" && instance.text("worker") == "honest")
        #expect(try await cluster.api.log(of: id).isEmpty)
      }
    }

    @Test func `a stream that does not begin as it must is refused and closed`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await RawWorker.joining(cluster) { worker in
          worker.send([.heartbeat(Heartbeat(sequence: 1, used: 0))])
          try await eventually("it is closed") { worker.hasEnded }
          #expect(worker.refusal?.contains("hello") == true)
        }
        try await RawWorker.joining(cluster) { worker in
          worker.send(
            (0..<20_000).map { .heartbeat(Heartbeat(sequence: UInt64($0), used: 0)) })
          try await eventually("it is closed") { worker.hasEnded }
          #expect(worker.refusal?.contains("20000 messages") == true)
        }
        try await RawWorker.joining(cluster) { worker in
          worker.hello("twice")
          try await cluster.workerIsThere("twice")
          worker.hello("again")
          try await counted(cluster, "hello.repeated")
          #expect(!worker.hasEnded)
        }
        try await counted(cluster, "message.invalid", 2)
        #expect(try await cluster.api.worker("again") == nil)
      }
    }

    @Test func `numbers that are none, and used slots beyond all bounds, harm nobody`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await RawWorker.joining(cluster) { worker in
          worker.hello("liar")
          try await cluster.workerIsThere("liar")
          let numbers = [Double.nan, .infinity, -1, 1e308].enumerated().map {
            WorkerMetrics.Number(name: $0 == 0 ? "cpu" : "m\($0)", value: $1)
          }
          worker.send([
            .heartbeat(Heartbeat(sequence: 1, used: .max, queued: .max, metrics: WorkerMetrics(numbers: numbers)))
          ])
          try await eventually("it is acknowledged") { worker.received.contains(.heartbeatAck(sequence: 1)) }
          try await cluster.api.apply(["name": "quick", "processor": ["noop": [:]]])
          let id = try await cluster.api.run("quick")
          try await eventually("it is given work") { !worker.dispatched.isEmpty }
          worker.send(worker.dispatched.map(result))
          #expect(try await cluster.api.end(of: id).text("state") == "succeeded")
        }
      }
    }

    @Test func `a flood is the flooder's own: others get their answers and their work`() async throws {
      // The flooder sends no heartbeats: its lease is to outlast its flood.
      try await withCluster(lease: "120s") { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("honest")
        try await cluster.api.apply(["name": "quick", "processor": ["noop": [:]]])
        try await RawWorker.joining(cluster) { flooder in
          flooder.hello("flooder", slots: 1)
          try await cluster.workerIsThere("flooder")
          flooder.send([.draining])
          let forged = AttemptRef(instance: InstanceID(rawValue: 1), attempt: 1)
          for _ in 0..<60 { flooder.send(Array(repeating: result(forged), count: 8_000)) }
          try await counted(cluster, "result.stale", 8_000)
          for _ in 0..<5 {
            let id = try await cluster.api.run("quick")
            #expect(try await cluster.api.end(of: id).text("worker") == "honest")
          }
          try await counted(cluster, "result.stale", 480_000, within: .seconds(100))
        }
      }
    }

    @Test func `a log without end stays within its bound, and is shown as what it is`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(["name": "talks", "processor": ["noop": ["duration": "1h"]]])
        try await RawWorker.joining(cluster) { worker in
          worker.hello("chatty")
          try await cluster.workerIsThere("chatty")
          let id = try await cluster.api.run("talks")
          let attempt = try await eventually("it is given work") { worker.dispatched.first }
          worker.send([.accepted(attempt, startedAt: Timestamp(seconds: 1))])
          let head = Array("\u{1B}[2J\u{1B}]0;owned\u{07}\0\r".utf8) + [0xFF, 0xC3, 0x9B, 0x41, 0x0A]
          worker.send([.log(LogChunk(attempt: attempt, offset: 0, bytes: head))])
          let chunk = [UInt8](repeating: 0x78, count: 60_000)
          var offset = UInt64(head.count)
          for _ in 0..<42 {
            // A frame of 2.4 MB, 100 MB in all.
            worker.send(
              (0..<40).map { .log(LogChunk(attempt: attempt, offset: offset + UInt64($0 * chunk.count), bytes: chunk)) }
            )
            offset += UInt64(40 * chunk.count)
          }
          let end = offset
          try await eventually("all of it is acknowledged", within: .seconds(90)) {
            worker.received.contains(.logAck(attempt, offset: end))
          }
          let log = try await cluster.api.log(of: id)
          #expect(log.starts(with: head) && log.count < 3 << 20)
          let folder = "\(cluster.data)/logs"
          let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
          let sizes = try files.map { file in
            try FileManager.default.attributesOfItem(atPath: "\(folder)/\(file)")[.size] as? Int ?? 0
          }
          #expect(sizes.reduce(0, +) < 3 << 20)
          worker.send([result(attempt)])
          #expect(try await cluster.api.end(of: id).text("state") == "succeeded")

          // On a terminal, which `script` makes.
          let command = "\(Programs.switchyard) instance logs \(id)"
          let shown = try await Command(
            cluster, ["-qec", command, "/dev/null"], [:], nil, program: "/usr/bin/script"
          ).outcome()
          let text = shown.output
          #expect(text.contains(0x78) && !text.contains(0x1B) && !text.contains(0x07) && !text.contains(0x00))
          #expect(String(decoding: text.prefix(99), as: UTF8.self).hasPrefix("^[[2J^[]0;owned^G^@^M"))
        }
      }
    }
  }
}
