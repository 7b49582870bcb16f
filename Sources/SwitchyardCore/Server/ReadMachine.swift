import SwitchyardModel

/// Reads of the store: so many at the same time, tried again when they fail.
struct ReadMachine: Sendable {
  struct Question: Sendable {
    var request: OwnerRead
    /// Who asks; nil: the server as a whole.
    var shard: Shard?
  }

  private let limit: Int
  /// Few at a time.
  private var open: [(token: Token, question: Question)] = []
  private var queue = Fifo<Question>()
  private var failures: UInt32 = 0
  private var backsOff = false

  init(limit: Int) { self.limit = max(1, limit) }

  var isIdle: Bool { open.isEmpty && queue.isEmpty }

  mutating func ask(_ request: OwnerRead, for shard: Shard?) {
    queue.append(Question(request: request, shard: shard))
  }

  mutating func flush(lastToken: inout Token, into actions: inout ServerActions) {
    guard !backsOff else { return }
    while open.count < limit, let question = queue.popFirst() {
      lastToken += 1
      open.append((lastToken, question))
      actions.append(.read(lastToken, question.request))
    }
  }

  /// Returns what was asked when the page answers it; nil for an answer of older times or a failure.
  mutating func answered(
    _ token: Token, _ page: OwnerPage?, at now: Instants, into actions: inout ServerActions
  ) -> Question? {
    guard let place = open.firstIndex(where: { $0.token == token }) else { return nil }
    let question = open.remove(at: place).question
    if page != nil {
      failures = 0
      return question
    }
    queue.append(question)
    if !backsOff {
      failures = min(failures + 1, 30)
      backsOff = true
      let wait = min(Span.seconds(1), .milliseconds(10) * (1 << Int64(min(failures, 8) - 1)))
      actions.append(.arm(.readRetry, now.boot + wait))
    }
    return nil
  }

  mutating func retry() { backsOff = false }
}
