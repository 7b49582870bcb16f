import SwitchyardModel

/// What one attempt wrote and no server has acknowledged.
///
/// The beginning is kept up to a bound, and of what comes after it the last bytes, because those tell why it ended.
/// Offsets count what came out of the line cutter, dropped bytes included.
struct AttemptLog {
  private let ref: AttemptRef
  private let limits: LogLimits
  private var cutter: LineCutter
  /// Kept and not acknowledged, in order. `sent` of them are on the current stream.
  private var chunks: [LogChunk] = []
  private var sent = 0
  private var tail: [UInt8] = []
  /// Of the next byte.
  private var end: UInt64 = 0
  /// Kept from the beginning so far.
  private var kept = 0
  /// Since the last chunk.
  private var dropped: UInt64 = 0
  /// In memory.
  private(set) var bytes = 0

  static let chunkBytes = 64 << 10
  /// Of the tail, when there is no room at all.
  static let lastWords = 1 << 10

  init(ref: AttemptRef, limits: LogLimits) {
    self.ref = ref
    self.limits = limits
    cutter = LineCutter(limit: limits.line)
  }

  var hasUnsent: Bool { sent < chunks.count }
  private(set) var totalDropped: UInt64 = 0

  /// - Parameter room: how many bytes may be kept beyond those that are.
  mutating func append(_ input: UnsafeRawBufferPointer, room: Int) {
    var text: [UInt8] = []
    text.reserveCapacity(input.count + 32)
    cutter.cut(input, into: &text)
    keep(text[...], room: room)
  }

  /// The attempt is over: the tail becomes part of the log.
  mutating func close() {
    var text: [UInt8] = []
    cutter.finish(into: &text)
    keep(text[...], room: text.count + limits.tail)
    let last = tail
    tail = []
    bytes -= last.count
    if !last.isEmpty || dropped > 0 { add(last[...], at: end - UInt64(last.count)) }
  }

  private mutating func keep(_ text: ArraySlice<UInt8>, room: Int) {
    let head = tail.isEmpty && dropped == 0 ? text.prefix(max(0, min(limits.attempt - kept, room))) : []
    if !head.isEmpty {
      add(head, at: end)
      kept += head.count
      end += UInt64(head.count)
    }
    let rest = text.dropFirst(head.count)
    guard !rest.isEmpty else { return }
    end += UInt64(rest.count)
    let before = tail.count
    let tailLimit = room > 0 ? limits.tail : min(limits.tail, Self.lastWords)
    tail += rest.suffix(tailLimit)
    if tail.count > tailLimit { tail.removeFirst(tail.count - tailLimit) }
    let lost = before + rest.count - tail.count
    dropped += UInt64(lost)
    totalDropped += UInt64(lost)
    bytes += tail.count - before
  }

  private mutating func add(_ text: ArraySlice<UInt8>, at offset: UInt64) {
    var text = text
    var offset = offset
    if hasUnsent, dropped == 0, let last = chunks.last {
      let more = text.prefix(Self.chunkBytes - last.bytes.count)
      chunks[chunks.count - 1].bytes += more
      text = text.dropFirst(more.count)
      offset += UInt64(more.count)
      bytes += more.count
      if text.isEmpty { return }
    }
    repeat {
      let part = text.prefix(Self.chunkBytes)
      chunks.append(LogChunk(attempt: ref, offset: offset, bytes: Array(part), dropped: dropped))
      dropped = 0
      text = text.dropFirst(part.count)
      offset += UInt64(part.count)
      bytes += part.count
    } while !text.isEmpty
  }

  mutating func takeNext() -> LogChunk? {
    guard hasUnsent else { return nil }
    sent += 1
    return chunks[sent - 1]
  }

  /// A new stream begins where the last one was acknowledged.
  mutating func rewind() { sent = 0 }

  mutating func acknowledge(_ offset: UInt64) {
    let done = chunks.prefix { $0.offset + UInt64($0.bytes.count) <= offset }
    bytes -= done.reduce(0) { $0 + $1.bytes.count }
    sent = max(0, sent - done.count)
    chunks.removeFirst(done.count)
  }
}
