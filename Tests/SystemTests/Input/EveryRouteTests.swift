import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  /// Asks every operation of the API's document for all that the document does not allow.
  @Suite struct EveryRoute {
    private struct Operation {
      var method: String
      var path: String
      var value: JSONValue
      var parameters: [JSONValue] { value["parameters"]?.arrayValue ?? [] }
      var title: String { "\(method) \(path)" }
    }

    private func operations(_ document: JSONValue) -> [Operation] {
      (document["paths"]?.objectValue?.members ?? []).flatMap { path in
        (path.value.objectValue?.members ?? []).map {
          Operation(method: $0.name.uppercased(), path: path.name, value: $0.value)
        }
      }
    }

    /// What there is on the server under test.
    private struct Objects {
      var instance: String
      var token: String
    }

    private func target(_ path: String, _ objects: Objects) -> String {
      let names = [
        "app": "default", "name": "seed", "instance": objects.instance, "plugin": "switchyard.least-loaded",
        "version": "1", "revision": "1", "worker": "w1", "token": objects.token,
      ]
      return names.reduce(path) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    private func wrongTexts(_ schema: JSONValue) -> [String] {
      let type = schema["type"]?.arrayValue?.first?.stringValue ?? schema["type"]?.stringValue
      switch type {
      case "integer":
        let ends = [
          schema["minimum"]?.integerValue.map { "\($0 - 1)" }, schema["maximum"]?.integerValue.map { "\($0)0" },
        ]
        return ["", "x", "01", "+5", "1.0", "1e2", "%201", "%EF%BC%99", "99999999999999999999"] + ends.compactMap { $0 }
      case "boolean": return ["", "1", "yes", "TRUE"]
      default:
        if schema["enum"] != nil { return ["", "no-such-word", "%00"] }
        if schema["format"] == "date-time" { return ["", "yesterday", "2026-13-01T00:00:00Z", "2026-01-01"] }
        if schema["format"] == "span" { return ["", "5", "-1s", "1s1h", "99999999999999h"] }
        let longest = Int(schema["maxLength"]?.integerValue ?? 256)
        return ["", "a%01b", String(repeating: "a", count: longest + 1)]
      }
    }

    @Test func `each refuses what it does not declare, names it, and does nothing`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(noopJob("seed"))
        try await cluster.api.call(
          "PUT", "/apps/default/policy", ["balancer": ["plugin": "switchyard.least-loaded"]])
        // Waits for ever: there is no worker.
        let instance = try await cluster.api.run("seed")
        let token = try await cluster.api.call("POST", "/tokens", ["name": "seed", "role": "read", "apps": ["*"]])
        let objects = Objects(instance: instance, token: token.text("id"))
        let document = try await cluster.api.get("/openapi.json")
        let before = try await cluster.api.get("/apps/default/jobs/seed")
        let tokens = try await cluster.api.get("/tokens")
        var count = 0

        func ask(
          _ operation: Operation, query: String = "", path: String? = nil, headers: [(String, String)] = [],
          body: [UInt8] = [], method: String? = nil
        ) async throws -> HTTPAnswer {
          count += 1
          var exchange = HTTPExchange(
            port: cluster.http, method: method ?? operation.method,
            target: path ?? target(operation.path, objects) + query, body: body)
          exchange.headers = [("authorization", "Bearer \(cluster.api.token)")] + headers
          return try await exchange.run()
        }

        /// A problem with an error for that field.
        func expect(_ answer: HTTPAnswer, _ status: Int, field: String? = nil, _ title: String) {
          #expect(answer.status == status, "\(title): \(answer.status) \(answer.text)")
          #expect(answer.headers["content-type"] == "application/problem+json", "\(title)")
          guard let field else { return }
          let fields = ((try? answer.json)?["errors"]?.arrayValue ?? []).map { $0.text("field") }
          let isNamed = fields.contains { field.hasPrefix($0) || $0.hasPrefix(field) }
          #expect(isNamed, "\(title): \(field) is not among \(fields)")
        }

        for operation in operations(document) {
          let title = operation.title
          expect(try await ask(operation, query: "?zz=1"), 400, field: "zz", "\(title)?zz=1")
          expect(try await ask(operation, query: "?%zz"), 400, "\(title)?%zz")
          expect(try await ask(operation, query: "?a=%ff"), 400, "\(title)?a=%ff")
          let wrongMethod = try await ask(operation, method: "PATCH")
          expect(wrongMethod, 405, "PATCH \(operation.path)")
          #expect(wrongMethod.headers["allow"]?.contains(operation.method) == true, "\(title)")
          #expect(try await ask(operation, method: "OPTIONS").status == 204)
          expect(try await ask(operation, path: target(operation.path, objects) + "/"), 404, "\(title)/")
          if operation.value["security"] == nil {
            count += 1
            let stranger = HTTPExchange(
              port: cluster.http, method: operation.method, target: target(operation.path, objects))
            expect(try await stranger.run(), 401, "\(title) without a token")
          }
          for parameter in operation.parameters {
            let name = parameter.text("name")
            for text in wrongTexts(parameter["schema"] ?? [:]) {
              let what = "\(title) with \(name)=\(text)"
              switch parameter.text("in") {
              case "query":
                expect(try await ask(operation, query: "?\(name)=\(text)"), 400, field: name, what)
              case "path" where !text.isEmpty:
                let path = target(operation.path.replacing("{\(name)}", with: text), objects)
                expect(try await ask(operation, path: path), 400, field: name, what)
              default: break
              }
            }
            if parameter.text("in") == "query" {
              expect(
                try await ask(operation, query: "?\(name)=a&\(name)=a"), 400, field: name, "\(title): \(name) twice")
            }
          }
          try await bodies(operation, document, ask: { try await ask(operation, headers: $0, body: $1) }, expect)
        }
        #expect(count > 500, "\(count) requests")
        #expect(try await cluster.api.get("/apps/default/jobs/seed") == before)
        #expect(try await cluster.api.get("/tokens") == tokens)
        #expect(try await cluster.api.instances().map { $0.text("id") } == [instance])
        #expect(try await cluster.api.get("/apps/default/policy").number("revision") == 1)
      }
    }

    private func bodies(
      _ operation: Operation, _ document: JSONValue,
      ask: ([(String, String)], [UInt8]) async throws -> HTTPAnswer,
      _ expect: (HTTPAnswer, Int, String?, String) -> Void
    ) async throws {
      let json = [("content-type", "application/json")]
      guard let content = operation.value["requestBody"]?["content"],
        let schema = content["application/json"]?["schema"]
      else {
        // One of another kind, or any at all.
        let status = operation.value["requestBody"] == nil ? 400 : 415
        expect(
          try await ask(json, Array("{}".utf8)), status, nil, "\(operation.title) with a body that it does not take")
        return
      }
      let title = operation.title
      expect(try await ask([("content-type", "text/plain")], Array("{}".utf8)), 415, nil, "\(title) as text")
      for text in [
        "{", "nul", "{\"a\":1,\"a\":2}", "{\"a\":01}", "\u{FEFF}{}", String(repeating: "[", count: 100_000), "{} {}",
      ] {
        expect(try await ask(json, Array(text.utf8)), 400, nil, "\(title) with \(text.prefix(20))")
      }
      expect(try await ask(json, [0x22, 0xFF, 0x22]), 400, nil, "\(title) with what is no UTF-8")
      expect(try await ask(json, Array(repeating: 0x20, count: 5 << 20)), 413, nil, "\(title) with 5 MiB")
      // Of many in one body each is answered for itself.
      let isList = schema.text("type") == "array"
      let values = WrongValues(document: document)
      if isList {
        for wrong in values.wrongs(values.resolved(schema)["items"] ?? [:]) {
          let answer = try await ask(json, JSONValue.array([wrong.value]).bytes)
          let what = "\(title): \(wrong.field) \(wrong.why): \(wrong.value.text.prefix(200))"
          #expect(answer.status == 200, "\(what): \(answer.text)")
          let problem = try answer.json["instances"]?[0]?["problem"]
          #expect(problem?["status"] == 400, "\(what): \(answer.text)")
          let fields = (problem?["errors"]?.arrayValue ?? []).map { $0.text("field") }
          #expect(fields.contains { wrong.field.hasPrefix($0) || $0.hasPrefix(wrong.field) }, "\(what): \(fields)")
        }
      }
      for wrong in values.wrongs(schema) where !isList || wrong.field.isEmpty {
        expect(
          try await ask(json, wrong.value.bytes), 400, wrong.field,
          "\(title): \(wrong.field) \(wrong.why): \(wrong.value.text.prefix(200))")
      }
    }
  }
}
