import Foundation

/// What a test needs and did not get.
struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Asks again and again until there is an answer.
///
/// - Parameters:
///   - what: what is waited for, as "the worker is there".
///   - limit: after it the test fails; generous, because machines are slow at times.
/// - Throws: when time is up, with the last error of `look`.
func eventually<T>(
  _ what: String, within limit: Duration = .seconds(30), every pause: Duration = .milliseconds(25),
  _ look: () async throws -> T?
) async throws -> T {
  let deadline = ContinuousClock.now + limit
  var last = ""
  while true {
    do {
      if let answer = try await look() { return answer }
      last = ""
    } catch let error as Hopeless {
      throw error
    } catch {
      last = " (\(error))"
    }
    guard ContinuousClock.now < deadline else { throw Failure("\(limit) passed and not: \(what)\(last)") }
    try await Task.sleep(for: pause)
  }
}

/// Waits for a condition.
func eventually(
  _ what: String, within limit: Duration = .seconds(30), every pause: Duration = .milliseconds(25),
  until holds: () async throws -> Bool
) async throws {
  let _: Void = try await eventually(what, within: limit, every: pause) { try await holds() ? () : nil }
}

/// An error after which waiting on has no sense.
struct Hopeless: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
