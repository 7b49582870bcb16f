import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  /// Who may do what: roles, apps, the life of a token, and the record of all changes.
  @Suite struct Tokens {
    private static let job: JSONValue = ["name": "job", "processor": ["noop": [:]]]

    /// A token made with the CLI, and the API as its bearer sees it.
    private func bearer(_ cluster: Cluster, _ name: String, _ options: String...) async throws -> API {
      let made = try await Command(cluster, ["token", "create", name] + options, [:], nil).outcome()
      guard made.code == 0 else { throw Failure("\(made)") }
      // The secret alone, so that it can go to a file.
      return API(port: cluster.http, token: made.text.trimmingCharacters(in: .newlines))
    }

    private func status(_ api: API, _ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> Int {
      try await api.exchange(method, path, bytes: body?.bytes ?? []).status
    }

    @Test func `each route takes no one without a token, and no one without its permission`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let joiner = try await bearer(cluster, "joiner", "--role", "join", "--app", "*")
        let stranger = try await bearer(cluster, "stranger", "--role", "write", "--app", "other")
        let document = try await cluster.api.get("/openapi.json")
        var checked = 0
        for (path, operations) in document["paths"]?.objectValue?.members.map({ ($0.name, $0.value) }) ?? [] {
          for (method, operation) in operations.objectValue?.members.map({ ($0.name, $0.value) }) ?? [] {
            if operation["security"]?.arrayValue?.isEmpty == true { continue }
            checked += 1
            let target = path.replacing("{app}", with: "default").replacing("{job}", with: "job")
              .replacing("{plugin}", with: "switchyard.random").replacing(#/\{[a-z]+\}/#, with: "0000000000001")
            func ask(_ token: String?) async throws -> HTTPAnswer {
              var exchange = HTTPExchange(port: cluster.http, method: method.uppercased(), target: target)
              if let token { exchange.headers.append(("authorization", "Bearer \(token)")) }
              return try await exchange.run()
            }
            let bare = try await ask(nil)
            #expect(bare.status == 401 && bare.headers["www-authenticate"] == "Bearer", "\(method) \(path)")
            #expect(try await ask("wrong").status == 401, "\(method) \(path)")
            #expect(try await ask(joiner.token).status == 403, "\(method) \(path)")
            if path.contains("{app}") {
              #expect(try await ask(stranger.token).status == 403, "\(method) \(path)")
            }
          }
        }
        #expect(checked > 20)
      }
    }

    @Test func `a role allows what it includes and nothing else`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(Self.job)
        let path = "/apps/default/jobs/job"
        let asked: [(String, String, JSONValue?, String)] = [
          ("GET", path, nil, "read"), ("POST", path + "/run", [:], "operate"),
          ("POST", path + "/pause", nil, "operate"),
          ("PUT", path, Self.job, "write"), ("PUT", "/apps/default/policy", ["balancer": ["plugin": "x"]], "admin"),
          ("GET", "/tokens", nil, "admin"), ("GET", "/audit", nil, "admin"),
        ]
        let roles = ["read", "operate", "write"]
        for (rank, role) in roles.enumerated() {
          let api = try await bearer(cluster, role, "--role", role, "--app", "default")
          for (method, path, body, permission) in asked {
            let answer = try await api.exchange(method, path, bytes: body?.bytes ?? [])
            let isAllowed = (roles.firstIndex(of: permission) ?? roles.count) <= rank
            #expect(
              isAllowed ? (200..<300).contains(answer.status) : answer.status == 403, "\(role): \(method) \(path)")
            if !isAllowed {
              #expect(answer.detail.contains("\"\(role)\"") && answer.detail.contains("its role is \(role)"))
            }
          }
        }
      }
    }

    @Test func `a token sees its apps and no others`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        for app in ["a", "b", "c"] { try await cluster.api.call("PUT", "/apps/\(app)/jobs/job", Self.job) }
        let theirs = try await cluster.api.call("POST", "/apps/c/jobs/job/run", [:]).text("id")
        let mine = try await cluster.api.call("POST", "/apps/a/jobs/job/run", [:]).text("id")
        let api = try await bearer(cluster, "two", "--role", "write", "--app", "b", "--app", "a")

        func apps(_ path: String, _ list: String) async throws -> [String] {
          try await api.get(path)[list]?.arrayValue?.map { $0["app"]?.stringValue ?? $0.text("name") } ?? []
        }
        #expect(try await apps("/jobs", "jobs") == ["a", "b"])
        #expect(try await apps("/jobs?limit=1", "jobs") == ["a"])
        #expect(try await apps("/jobs?limit=1&cursor=a/job", "jobs") == ["b"])
        #expect(try await apps("/apps", "apps") == ["a", "b"])
        #expect(try await apps("/instances", "instances") == ["a"])
        #expect(try await status(api, "GET", "/jobs?app=c") == 403)
        #expect(try await status(api, "GET", "/apps/c/jobs/job") == 403)
        #expect(try await status(api, "GET", "/instances?app=c") == 403)
        #expect(try await status(api, "GET", "/instances/\(mine)") == 200)
        // That it is there is not for this token to know.
        for (method, verb) in [("GET", ""), ("GET", "/logs"), ("GET", "/wait"), ("POST", "/stop"), ("POST", "/cancel")]
        {
          #expect(try await status(api, method, "/instances/\(theirs)\(verb)") == 404, "\(method) \(verb)")
        }
        #expect(try await cluster.api.instance(theirs).text("state") == "waiting")
      }
    }

    @Test func `a token ends when it is revoked, rotated away, or old, over a restart too`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let revoked = try await bearer(cluster, "revoked", "--role", "read", "--app", "*")
        let rotated = try await bearer(cluster, "rotated", "--role", "read", "--app", "*")
        let brief = try await bearer(cluster, "brief", "--role", "read", "--app", "*", "--expires", "0s")
        #expect(try await status(revoked, "GET", "/jobs") == 200)
        let expired = try await brief.exchange("GET", "/jobs")
        #expect(expired.status == 401 && expired.detail.contains("expired"))

        try await cluster.succeeds("token", "revoke", "revoked")
        let answer = try await revoked.exchange("GET", "/jobs")
        #expect(answer.status == 401 && answer.detail.contains("revoked"))
        let again = try await cluster.cli("token", "revoke", "revoked")
        #expect(again.code == 1 && again.errors.contains("token list --all"))

        let fresh = try await cluster.succeeds("token", "rotate", "rotated", "--overlap", "1h")
        let next = API(port: cluster.http, token: fresh.text.trimmingCharacters(in: .newlines))
        for api in [rotated, next] { #expect(try await status(api, "GET", "/jobs") == 200) }
        let last = try await cluster.succeeds("token", "rotate", "rotated")
        let newest = API(port: cluster.http, token: last.text.trimmingCharacters(in: .newlines))
        for (api, code) in [(rotated, 401), (next, 401), (newest, 200)] {
          #expect(try await status(api, "GET", "/jobs") == code)
        }
        // A name is free when its token is revoked.
        let other = try await bearer(cluster, "revoked", "--role", "read", "--app", "*")
        let taken = try await cluster.cli("token", "create", "revoked", "--role", "read", "--app", "*")
        #expect(taken.code == 1 && taken.errors.contains("already"))

        _ = try await cluster.terminate("server")
        try await cluster.startServer()
        for (api, code) in [(revoked, 401), (rotated, 401), (next, 401), (newest, 200), (brief, 401), (other, 200)] {
          #expect(try await status(api, "GET", "/jobs") == code)
        }
        // None of the secrets is in any file of the server.
        let files = FileManager.default.enumerator(atPath: cluster.data)?.compactMap { $0 as? String } ?? []
        #expect(files.contains("switchyard.db"))
        for file in files {
          guard let bytes = FileManager.default.contents(atPath: "\(cluster.data)/\(file)") else { continue }
          for api in [revoked, rotated, newest] { #expect(bytes.range(of: Data(api.token.utf8)) == nil, "\(file)") }
        }
      }
    }

    @Test func `a stream ends with the token that opened it`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let secret = try await cluster.succeeds("token", "create", "w", "--role", "join", "--app", "default").text
        try cluster.launchWorker("joined", ["--worker-token-file", try cluster.write("join-token", secret)])
        try await cluster.workerIsThere("joined")
        try await cluster.api.apply(["name": "long", "processor": ["noop": ["duration": "1h"]]])
        let reader = try await bearer(cluster, "reader", "--role", "read", "--app", "default")
        let id = try await cluster.api.run("long")
        try await cluster.api.instance(id, becomes: "running")
        let following = Task { try await reader.exchange("GET", "/instances/\(id)/logs?follow=true") }
        try await eventually("the token was used") {
          try await cluster.api.get("/status")["sinceStart"]?.number("attempts.started") == 1
        }
        try await cluster.succeeds("token", "revoke", "reader")
        #expect(try await following.value.status < 500)

        try await cluster.succeeds("token", "revoke", "w")
        try await eventually("the worker is cut off") {
          try await cluster.api.worker("joined")?.text("state") != "running"
        }
        try await eventually("it says why") { cluster.read("joined.log").contains("token") }
      }
    }

    @Test func `a worker is no more than its token lets it be`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let secret = try await cluster.succeeds(
          "token", "create", "bounded", "--role", "join", "--app", "a", "--app", "b", "--tag", "gpu", "--site", "test",
          "--slots", "3"
        ).text
        let file = try cluster.write("join-token", secret)
        try cluster.launchWorker(
          "greedy", slots: 64,
          ["--worker-token-file", file, "--tag", "gpu", "--tag", "root", "--apps", "b", "--apps", "z"])
        try await cluster.workerIsThere("greedy")
        let worker = try await cluster.api.worker("greedy")
        #expect(worker?.number("slots") == 3)
        #expect(worker?["tags"] == ["gpu"] && worker?["apps"] == ["b"])
        let counts = try await cluster.api.get("/status")["sinceStart"]
        for cut in ["apps", "tags", "slots"] { #expect((counts?.number("hello.cut.\(cut)") ?? 0) >= 1, "\(cut)") }

        try cluster.launchWorker("elsewhere", ["--worker-token-file", file, "--site", "west"])
        try await eventually("it is told what to change") {
          let log = cluster.read("elsewhere.log")
          return log.contains("west") && log.contains("--site")
        }
        #expect(try await cluster.api.worker("elsewhere") == nil)
      }
    }

    @Test func `every change is remembered with who made it, and no look is`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let api = try await bearer(cluster, "ci", "--role", "write", "--app", "shop")
        try await api.call("PUT", "/apps/shop/jobs/job", Self.job)
        var edited = Self.job.objectValue ?? JSONObject()
        edited["priority"] = 3
        try await api.call("PUT", "/apps/shop/jobs/job", .object(edited))
        try await api.call("PUT", "/apps/shop/jobs/job", .object(edited))
        try await api.call("POST", "/apps/shop/jobs/job/pause")
        let id = try await api.call("POST", "/apps/shop/jobs/job/run", [:]).text("id")
        try await api.call("POST", "/instances/\(id)/cancel")
        _ = try await api.exchange("PUT", "/apps/other/jobs/job", bytes: Self.job.bytes)
        _ = try await api.get("/jobs")
        try await api.call("DELETE", "/apps/shop/jobs/job")

        let all = try await cluster.api.get("/audit")["audit"]?.arrayValue ?? []
        let lines = all.map {
          "\($0.text("actor")) \($0.text("method")) \($0.text("path")) \($0.text("before"))>\($0.text("after"))"
        }
        let path = "/api/v1/apps/shop/jobs/job"
        #expect(
          lines == [
            "ci DELETE \(path) paused>deleted", "ci POST /api/v1/instances/\(id)/cancel waiting>cancelled",
            "ci POST \(path)/pause enabled>paused", "ci PUT \(path) version 1>version 2", "ci PUT \(path) >version 1",
            "DATA/token POST /api/v1/tokens >token ci, write",
          ])
        #expect(all.allSatisfy { $0.text("address") == "127.0.0.1" })
        let ofApp = try await cluster.api.get("/audit?app=shop&limit=2")
        #expect(ofApp["audit"]?.arrayValue?.count == 2)
        let rest = try await cluster.api.get("/audit?app=shop&limit=9&cursor=\(ofApp.text("next"))")
        #expect(rest["audit"]?.arrayValue?.count == 3 && rest["next"] == .null)
        let shown = try await cluster.succeeds("audit", "--token", "ci", "--limit", "1").text
        #expect(shown.contains("DELETE \(path)") && shown.contains("paused"))
      }
    }

    @Test func `a token of the data directory that others could know stops the start`() async throws {
      try await withCluster { cluster in
        try FileManager.default.createDirectory(atPath: cluster.data, withIntermediateDirectories: true)
        for (text, mode, words) in [
          (String(repeating: "x", count: 40), 0o644, ["mode 644", "chmod 600"]), ("short", 0o600, ["32", "delete"]),
        ] {
          try cluster.write("server/token", text)
          chmod("\(cluster.data)/token", mode_t(mode))
          let outcome = try await cluster.cli(
            "server", "--data", cluster.data, "--http", "127.0.0.1:\(cluster.http)", "--grpc",
            "127.0.0.1:\(cluster.grpc)")
          #expect(outcome.code == 1)
          for word in words { #expect(outcome.errors.contains(word), "\(outcome)") }
          #expect(cluster.read("server/token") == text)
        }
      }
    }

    static let refused: [(String, Int, [String])] = [
      (#"{}"#, 400, ["name", "role"]), (#"{"name":"N","role":"read","apps":["*"]}"#, 400, ["name"]),
      (#"{"name":"n","role":"root","apps":["*"]}"#, 400, ["role", "one of read, operate"]),
      (#"{"name":"n","role":"read"}"#, 422, ["apps"]), (#"{"name":"n","role":"read","apps":[]}"#, 400, ["apps"]),
      (#"{"name":"n","role":"read","apps":["A b"]}"#, 400, ["apps[0]"]),
      (#"{"name":"n","role":"admin","apps":["a"]}"#, 422, ["all apps"]),
      (#"{"name":"n","role":"write","apps":["*"],"tags":["t"]}"#, 422, ["join"]),
      (#"{"name":"n","role":"join","apps":["*"],"slots":0}"#, 400, ["slots"]),
      (#"{"name":"n","role":"join","apps":["*"],"slots":99999999999999999999}"#, 422, ["64 bits"]),
      (#"{"name":"n","role":"join","apps":["*"],"sites":[" "]}"#, 400, ["sites[0]"]),
      (#"{"name":"n","role":"read","apps":["*"],"expiresIn":"soon"}"#, 400, ["expiresIn"]),
      (#"{"name":"n","role":"read","apps":["*"],"secret":"mine"}"#, 400, ["secret", "unknown field"]),
    ]

    @Test func `a token that is described wrongly is refused by field`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        for (body, status, words) in Self.refused {
          let answer = try await cluster.api.exchange("POST", "/tokens", bytes: Array(body.utf8))
          #expect(answer.status == status, "\(body)")
          for word in words { #expect(answer.detail.contains(word), "\(body): \(answer.detail)") }
        }
        #expect(try await cluster.api.get("/tokens")["tokens"] == [])
      }
    }
  }
}
