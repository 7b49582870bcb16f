import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct BadRequest {
    struct Case: Sendable {
      var method: String
      var path: String
      var body: String = ""
      var status: Int
      /// What the answer must say: which field, and what is accepted.
      var words: [String]
    }

    /// A job named `bad` with these fields.
    private static func put(_ fields: String, _ words: String...) -> Case {
      Case(
        method: "PUT", path: "/apps/default/jobs/bad", body: #"{"name":"bad",\#(fields)}"#, status: 400, words: words)
    }

    private static let noop = #""processor":{"noop":{}}"#
    private static let long = String(repeating: "x", count: 129)

    private static let definitions: [Case] = [
      Case(
        method: "PUT", path: "/apps/default/jobs/bad", body: #"{"name":"bad","#, status: 400,
        words: ["line 1, column 15"]),
      Case(method: "PUT", path: "/apps/default/jobs/bad", body: "[]", status: 400, words: ["object"]),
      Case(method: "PUT", path: "/apps/default/jobs/bad", body: "", status: 400, words: ["name", "required"]),
      put(#""name":"bad",\#(noop)"#, "name", "twice"),
      put(#""schedule":{"cron":"61 * * * *"},\#(noop)"#, "schedule.cron", "minute", "61"),
      put(#""schedule":{"cron":"* * *"},\#(noop)"#, "schedule.cron", "5 fields"),
      put(#""schedule":{"cron":"0 0 30 2 *"},\#(noop)"#, "schedule.cron", "never fire"),
      put(#""schedule":{"every":"1ms"},\#(noop)"#, "schedule.every", "10ms"),
      put(#""schedule":{"every":"ten"},\#(noop)"#, "schedule.every", "30s"),
      put(#""schedule":{"every":"1s","delay":"1s"},\#(noop)"#, "schedule", "exactly one of"),
      put(#""schedule":{"at":"tomorrow"},\#(noop)"#, "schedule.at"),
      put(#""timeZone":"Mars/Olympus",\#(noop)"#, "timeZone", "Mars/Olympus", "Europe/Paris"),
      put(#""timeZone":"../../etc/passwd",\#(noop)"#, "timeZone"),
      put(#""processor":{"http":{"url":"ftp://example.org/"}}"#, "processor.http.url", "http or https"),
      put(#""processor":{"shell":{"command":"  "}}"#, "processor.shell.command", "not blank"),
      put(#""processor":{"shell":{"command":"true"},"noop":{}}"#, "processor", "exactly one of", "shell, http, noop"),
      put(#""slots":1"#, "processor", "required"),
      put(#""retries":3,\#(noop)"#, "retries", "unknown field", "known are app, name"),
      put(#""retry":{"limit":101},\#(noop)"#, "retry.limit", "0...100"),
      put(#""slots":0,\#(noop)"#, "slots", "1...1024"),
      put(#""tags":["a b"],\#(noop)"#, "tags[0]"),
      put(#""onLost":"maybe",\#(noop)"#, "onLost", "one of retry, fail, hold"),
      put(#""timeout":5,\#(noop)"#, "timeout", "30s"),
      Case(
        method: "PUT", path: "/apps/default/jobs/\(long)", body: #"{"name":"\#(long)",\#(noop)}"#, status: 400,
        words: ["name", "128"]),
      Case(
        method: "PUT", path: "/apps/default/jobs/bad", body: #"{"name":"good",\#(noop)}"#, status: 422,
        words: ["name", "as in the path"]),
      Case(
        method: "PUT", path: "/apps/default/jobs/bad", body: #"{"name":"bad","app":"other",\#(noop)}"#, status: 422,
        words: ["app", "as in the path"]),
      Case(
        method: "PUT", path: "/apps/UPPER/jobs/bad", body: #"{"name":"bad",\#(noop)}"#, status: 400,
        words: ["app", "a-z"]),
      Case(
        method: "PUT", path: "/apps/default/jobs/bad", body: String(repeating: " ", count: 5 << 20), status: 413,
        words: ["4194304 bytes"]),
    ]

    private static let requests: [Case] = [
      Case(method: "GET", path: "/jobs?limi=3", status: 400, words: ["limi", "did you mean \"limit\""]),
      Case(method: "GET", path: "/jobs?limit=0", status: 400, words: ["limit", "1...1000"]),
      Case(method: "GET", path: "/jobs?limit=3&limit=4", status: 400, words: ["limit", "twice"]),
      Case(method: "GET", path: "/jobs?cursor=x", status: 400, words: ["cursor", "next"]),
      Case(
        method: "GET", path: "/instances?state=blue", status: 400, words: ["state", "blue", "waiting", "timed-out"]),
      Case(method: "GET", path: "/instances?job=seed", status: 422, words: ["app", "required"]),
      Case(method: "GET", path: "/instances?cursor=1", status: 400, words: ["cursor", "next"]),
      Case(method: "GET", path: "/instances/0000000000000", status: 404, words: ["no instance 0000000000000"]),
      Case(method: "GET", path: "/instances/%00..", status: 400, words: ["instance", "identity"]),
      Case(method: "GET", path: "/instances/0000000000000/wait?timeout=2h", status: 400, words: ["timeout", "10m"]),
      Case(method: "POST", path: "/instances/0000000000000/stop", status: 404, words: ["no instance"]),
      Case(method: "GET", path: "/apps/default/jobs/nobody", status: 404, words: ["default", "nobody"]),
      Case(method: "GET", path: "/apps/nowhere/jobs/seed", status: 404, words: ["nowhere", "seed"]),
      Case(method: "DELETE", path: "/apps/default/jobs/nobody", status: 404, words: ["nobody"]),
      Case(method: "POST", path: "/apps/default/jobs/nobody/run", status: 404, words: ["nobody"]),
      Case(
        method: "POST", path: "/apps/default/jobs/seed/run", body: #"{"keys":"x"}"#, status: 400,
        words: ["keys", "\"key\""]),
      Case(
        method: "POST", path: "/apps/default/jobs/seed/run", body: #"{"key":"\#(long)"}"#, status: 400,
        words: ["key", "128"]),
      Case(
        method: "POST", path: "/apps/default/jobs/seed/run",
        body: #"{"parameters":"\#(String(repeating: "y", count: 70_000))"}"#, status: 400,
        words: ["parameters", "65536"]),
      Case(method: "GET", path: "/apps/default/jobs/seed/next?count=101", status: 400, words: ["count", "1...100"]),
      Case(method: "PUT", path: "/apps/default/policy", body: "{}", status: 400, words: ["balancer", "required"]),
      Case(
        method: "PUT", path: "/apps/default/policy", body: #"{"balancer":{"plugin":"com.example.nobody"}}"#,
        status: 422,
        words: ["balancer", "com.example.nobody", "switchyard.weighted-round-robin"]),
      Case(method: "GET", path: "/plugins/com.example.nobody", status: 404, words: ["com.example.nobody"]),
      Case(method: "GET", path: "/nowhere", status: 404, words: ["nothing at GET /api/v1/nowhere"]),
      Case(method: "PATCH", path: "/jobs", status: 405, words: ["GET, HEAD, OPTIONS", "not PATCH"]),
    ]

    @Test func `each is refused with the field and what is accepted, and nothing is written`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(noopJob("seed"))
        for wrong in Self.definitions + Self.requests {
          let answer = try await cluster.api.exchange(wrong.method, wrong.path, bytes: Array(wrong.body.utf8))
          let title = "\(wrong.method) \(wrong.path.prefix(80)) \(wrong.body.prefix(80))"
          #expect(answer.status == wrong.status, "\(title): \(answer.text)")
          #expect(wrong.words.allSatisfy(answer.detail.contains), "\(title): \(answer.detail)")
          #expect(answer.headers["content-type"] == "application/problem+json", "\(title)")
        }
        let jobs = try await cluster.api.get("/jobs")["jobs"]?.arrayValue ?? []
        #expect(jobs.map { $0.text("name") } == ["seed"])
        #expect(jobs.first?.number("version") == 1)
        #expect(try await cluster.api.instances().isEmpty)
        #expect(try await cluster.api.get("/apps/default/policy").number("revision") == 0)
      }
    }

    @Test func `without the right token nothing is told and nothing done`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let workers = cluster.read("server/worker-token").split(separator: "\n").first ?? ""
        let body = noopJob("sneaked").bytes
        for authorization in [nil, "Bearer wrong", "Bearer ", "Basic YTpi", "Bearer \(workers)"] as [String?] {
          // The workers' token is known, and lets nobody do this.
          let status = authorization?.hasSuffix(workers) == true ? 403 : 401
          for (method, path) in [
            ("GET", "/jobs"), ("GET", "/status"), ("GET", "/workers"), ("GET", "/instances"), ("GET", "/plugins"),
            ("PUT", "/apps/default/jobs/sneaked"), ("PUT", "/apps/default/policy"),
          ] {
            let answer = try await cluster.api.exchange(method, path, bytes: body, authorization: .some(authorization))
            #expect(answer.status == status, "\(method) \(path) with \(authorization ?? "nothing"): \(answer.text)")
            #expect(answer.detail.contains("token"))
            #expect((answer.headers["www-authenticate"] == "Bearer") == (status == 401))
          }
        }
        #expect(try await cluster.api.get("/jobs")["jobs"] == [])
        for file in ["token", "worker-token"] {
          let attributes = try FileManager.default.attributesOfItem(atPath: "\(cluster.data)/\(file)")
          #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
      }
    }

    @Test func `bytes that are no HTTP harm nobody`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        for garbage in ["GET", "\r\n\r\n\r\n", "GET / HTTP/9.9", String(repeating: "A", count: 100_000)] {
          let exchange = HTTPExchange(port: cluster.http, method: garbage, target: "", patience: 2)
          _ = try? await exchange.run()
          let worker = HTTPExchange(port: cluster.grpc, method: garbage, target: "", patience: 1)
          _ = try? await worker.run()
        }
        #expect(try await cluster.api.get("/status").text("server") == "server-1")
      }
    }
  }
}
