/// Who asked for an instance: a request, or one item of a batch.
struct Asker: Sendable {
  let token: Token
  /// Its place in the batch.
  var item: Int?
}

/// The answers to a batch, until the last is there.
struct Batch: Sendable {
  private(set) var replies: [ServerReply]
  private(set) var missing: Int

  init(count: Int) {
    replies = Array(repeating: .refused(.unavailable, "it was not answered"), count: count)
    missing = count
  }

  /// Each item is answered once.
  mutating func answer(_ item: Int, _ reply: ServerReply) {
    replies[item] = reply
    missing -= 1
  }
}
