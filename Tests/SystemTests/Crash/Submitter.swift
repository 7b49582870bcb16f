import SwitchyardModel

/// A client that wants every one of its submissions to arrive exactly once: it sends each under a key of its
/// own, and again under the same key until it is told that it is durable.
struct Submitter: Sendable {
  let api: API
  /// The job for the n-th submission.
  let job: @Sendable (Int) -> String

  /// - Returns: the instance of each submission, and how often one had to be repeated.
  func submit(_ numbers: Range<Int>, clients: Int = 8, pause: Duration = .zero) async throws -> Receipt {
    try await withThrowingTaskGroup(of: Receipt.self) { group in
      for client in 0..<clients {
        group.addTask {
          var receipt = Receipt()
          for number in numbers where number % clients == client {
            let (id, repeats) = try await submit(number)
            receipt.ids[number] = id
            receipt.repeats += repeats
            if pause > .zero { try await Task.sleep(for: pause) }
          }
          return receipt
        }
      }
      return try await group.reduce(into: Receipt()) { all, part in
        all.ids.merge(part.ids) { one, _ in one }
        all.repeats += part.repeats
      }
    }
  }

  private func submit(_ number: Int) async throws -> (id: String, repeats: Int) {
    var repeats = -1
    let id = try await eventually("submission \(number) is acknowledged", within: .seconds(60)) {
      repeats += 1
      return try await api.run(job(number), key: "submission-\(number)")
    }
    return (id, repeats)
  }

  struct Receipt: Sendable {
    var ids: [Int: String] = [:]
    var repeats = 0
  }
}

/// What jobs wrote of themselves: a line for each run, `INSTANCE ATTEMPT`.
struct Ledger {
  /// How many lines each instance has.
  private(set) var lines: [String: Int] = [:]

  init(_ text: String) {
    for line in text.split(separator: "\n") { lines[String(line.prefix { $0 != " " }), default: 0] += 1 }
  }

  var doubled: [String] { lines.filter { $0.value > 1 }.map(\.key).sorted() }
}
