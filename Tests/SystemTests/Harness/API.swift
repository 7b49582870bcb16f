import Foundation
import SwitchyardModel

/// The server's API as tests use it.
struct API: Sendable {
  let port: Int
  let token: String

  /// - Parameters:
  ///   - path: behind `/api/v1`, with its query.
  ///   - token: another one, or none at all.
  func exchange(
    _ method: String, _ path: String, bytes: [UInt8] = [], authorization: String?? = nil
  ) async throws -> HTTPAnswer {
    var exchange = HTTPExchange(port: port, method: method, target: "/api/v1" + path, body: bytes)
    if let authorization = authorization ?? "Bearer \(token)" {
      exchange.headers.append(("authorization", authorization))
    }
    return try await exchange.run()
  }

  /// - Throws: what the server says, when it is not content.
  @discardableResult
  func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
    let answer = try await exchange(method, path, bytes: body?.bytes ?? [])
    guard (200..<300).contains(answer.status) else {
      throw Refusal(status: answer.status, detail: "\(method) \(path): \(answer.detail)")
    }
    return try answer.json
  }

  func get(_ path: String) async throws -> JSONValue { try await call("GET", path) }

  struct Refusal: Error, CustomStringConvertible {
    var status: Int
    var detail: String
    var description: String { "\(status) \(detail)" }
  }
}

extension API {
  /// Stores a job of the app `default`.
  @discardableResult
  func apply(_ job: JSONValue) async throws -> JSONValue {
    try await call("PUT", "/apps/default/jobs/\(job["name"]?.stringValue ?? "")", job)
  }

  /// Starts a job and returns the instance.
  func run(_ job: String, key: String? = nil, parameters: JSONValue? = nil) async throws -> String {
    var body = JSONObject()
    body["key"] = key.map { .string($0) }
    body["parameters"] = parameters
    let answer = try await call("POST", "/apps/default/jobs/\(job)/run", .object(body))
    guard let id = answer["id"]?.stringValue else { throw Failure("run \(job) answered \(answer.text)") }
    return id
  }

  func instance(_ id: String) async throws -> JSONValue { try await get("/instances/\(id)") }

  /// Waits until the instance is over.
  func end(of id: String, within limit: Duration = .seconds(45)) async throws -> JSONValue {
    try await eventually("instance \(id) is over", within: limit) {
      let instance = try await get("/instances/\(id)/wait?timeout=5s")
      // A bare nil would be JSON's null.
      return instance["endedAt"] == .null ? JSONValue?.none : instance
    }
  }

  /// Waits until the instance is in a state.
  @discardableResult
  func instance(_ id: String, becomes state: String, within limit: Duration = .seconds(30)) async throws -> JSONValue {
    var last = "-"
    do {
      return try await eventually("instance \(id) is \(state)", within: limit) {
        let instance = try await instance(id)
        last = instance.text
        return instance.text("state") == state ? instance : nil
      }
    } catch {
      throw Failure("\(error); it is \(last)")
    }
  }

  /// All instances, newest first.
  func instances(_ query: String = "") async throws -> [JSONValue] {
    var result: [JSONValue] = []
    var cursor = ""
    while true {
      let page = try await get("/instances?limit=1000\(query.isEmpty ? "" : "&\(query)")\(cursor)")
      result += page["instances"]?.arrayValue ?? []
      guard let next = page["next"]?.stringValue else { return result }
      cursor = "&cursor=\(next)"
    }
  }

  /// How many instances are not over.
  func open() async throws -> Int64 {
    let states = try await get("/status")["instances"]?.objectValue?.members ?? []
    return states.compactMap(\.value.integerValue).reduce(0, +)
  }

  /// The worker of that name; nil while the server does not know it.
  func worker(_ name: String) async throws -> JSONValue? {
    try await get("/workers")["workers"]?.arrayValue?.first { $0.text("name") == name }
  }

  func log(of id: String, _ query: String = "") async throws -> [UInt8] {
    let answer = try await exchange("GET", "/instances/\(id)/logs\(query.isEmpty ? "" : "?\(query)")")
    guard answer.status == 200 else { throw Refusal(status: answer.status, detail: answer.detail) }
    return answer.body
  }
}

extension JSONValue {
  /// A text field, or "" when there is none.
  func text(_ name: String) -> String { self[name]?.stringValue ?? "" }

  func number(_ name: String) -> Int64 { self[name]?.integerValue ?? -1 }

  /// A time field.
  func time(_ name: String) throws -> Timestamp { try Timestamp(parsing: text(name)) }
}
