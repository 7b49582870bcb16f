import Glibc
import Logging
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem
import Synchronization

/// Keeps the logs of attempts in files, and wakes those who follow one.
///
/// Written by a thread of its own, so that a slow disk delays logs and nothing else. A chunk that comes
/// twice is kept once; each is acknowledged when the kernel has it.
final class LogStore: Sendable {
  private enum Item: Sendable {
    case chunk(LogChunk, from: ConnectionID, acknowledge: @Sendable (UInt64) -> Void)
    /// Chunks of the attempt's log were left out.
    case cut(AttemptRef)
    /// All that came before is written.
    case mark(Signal)
    case remove([EndedInstance])
    case keep(under: Int)
  }

  let directory: String
  private let bound: Int
  private let onLoss: @Sendable () -> Void
  private let loop = EventLoop<Item>(name: "logs")
  private let backlog: Mutex<LogBacklog>
  private let followers = Mutex<[InstanceID: [UInt64: AsyncStream<Void>.Continuation]]>([:])
  private let nextFollower = Atomic<UInt64>(0)
  private let total = Atomic<UInt64>(0)

  /// Since the start, for metrics.
  var bytesWritten: UInt64 { total.load(ordering: .relaxed) }
  /// Of all logs together; what was there before the start is counted by the first look at all of them.
  let bytes = Atomic<Int>(0)

  /// - Parameters:
  ///   - directory: made if it is not there.
  ///   - bound: bytes kept for one attempt; more is dropped and counted.
  ///   - backlog: bytes that may wait for the disk.
  ///   - onLoss: told of each chunk that the disk did not take.
  init(directory: String, bound: Int, backlog: Int = 64 << 20, onLoss: @escaping @Sendable () -> Void = {}) {
    self.directory = directory
    self.bound = bound
    self.backlog = Mutex(LogBacklog(limit: backlog))
    self.onLoss = onLoss
    mkdir(directory, 0o700)
    let files = Mutex(OpenFiles())
    loop.start { [weak self] batch, _ in
      guard let self else { return nil }
      files.withLock { files in
        for item in batch {
          switch item {
          case .chunk(let chunk, let connection, let acknowledge):
            acknowledge(self.write(chunk, &files))
            self.backlog.withLock { $0.release(chunk, from: connection) }
          case .cut(let attempt):
            guard let cut = self.backlog.withLock({ $0.takeCut(of: attempt) }) else { continue }
            // A record of nothing at that place says how much is missing before it.
            cut.acknowledge(self.write(LogChunk(attempt: attempt, offset: cut.end, bytes: []), &files))
          case .mark(let signal): signal.signal()
          case .remove(let instances): self.unlink(instances, &files)
          case .keep(let bytes): self.unlinkOldest(&files, until: bytes)
          }
        }
      }
      return nil
    }
  }

  /// Keeps a chunk, when the disk has time for it. A disk that does not keep up costs logs, never jobs: then chunks of
  /// the stream that has most of them waiting are left out, its log says so, and its worker is told that it may forget
  /// them.
  ///
  /// - Parameter connection: that it came on; each has its share of what may wait.
  /// - Returns: false when it was left out.
  @discardableResult
  func append(
    _ chunk: LogChunk, from connection: ConnectionID, acknowledge: @escaping @Sendable (UInt64) -> Void
  ) -> Bool {
    let verdict = backlog.withLock { $0.admit(chunk, from: connection, acknowledge: acknowledge) }
    switch verdict {
    case .kept: loop.post(.chunk(chunk, from: connection, acknowledge: acknowledge))
    case .cut: loop.post(.cut(chunk.attempt))
    case .cutFurther: break
    }
    return verdict == .kept
  }

  /// Returns when all chunks that came before can be read, or the task was cancelled.
  func settled() async {
    let signal = Signal()
    loop.post(.mark(signal))
    await signal.wait()
  }

  /// Forgets the logs of instances that are forgotten.
  func remove(_ instances: [EndedInstance]) { loop.post(.remove(instances)) }

  /// Removes the oldest logs where all together have more bytes than this.
  func keep(under bytes: Int) { loop.post(.keep(under: bytes)) }

  func close() { loop.close() }

  /// `LOGS/3F/0000000000ABC-1.log`: by the identity's last digits, so that no folder grows without bound.
  func path(_ ref: AttemptRef) -> String { "\(folder(ref))/\(ref.instance)-\(ref.attempt).log" }

  private func folder(_ ref: AttemptRef) -> String { "\(directory)/\(ref.instance.description.suffix(2))" }

  /// - Returns: up to where the worker may forget the log.
  private func write(_ chunk: LogChunk, _ files: inout OpenFiles) -> UInt64 {
    // A worker that speaks of such a place in a log is mistaken.
    guard chunk.offset <= LogFile.longest else { return chunk.offset }
    let end = chunk.end
    let written = files.with(chunk.attempt, open: { open(chunk.attempt) }) { file in
      guard chunk.offset >= file.end || end > file.end else { return true }
      let start = file.position
      defer { bytes.add(file.position - start, ordering: .relaxed) }
      // What was kept already is cut off the front.
      let known = file.end > chunk.offset ? Int(file.end - chunk.offset) : 0
      var text = Array(chunk.bytes.dropFirst(known))
      let room = max(0, bound - file.position)
      let cut = max(0, text.count - room)
      text.removeLast(cut)
      let gap = known == 0 ? chunk.offset - min(file.end, chunk.offset) : 0
      guard !text.isEmpty else { return gap + UInt64(cut) == 0 || file.leaveOut(gap + UInt64(cut), upTo: end) }
      let isKept = file.append(.init(offset: chunk.offset + UInt64(known), dropped: gap, bytes: text))
      if isKept { total.wrappingAdd(UInt64(text.count), ordering: .relaxed) }
      return cut == 0 ? isKept : isKept && file.leaveOut(UInt64(cut), upTo: end)
    }
    // A full disk costs the log, never the job: the worker is told that it may forget all the same. The next
    // record that is written says how much is missing before it.
    if !written { onLoss() }
    let waiting = followers.withLock { $0[chunk.attempt.instance].map { Array($0.values) } ?? [] }
    for follower in waiting { follower.yield() }
    return end
  }

  private func open(_ ref: AttemptRef) -> LogFile? {
    mkdir(folder(ref), 0o700)
    return LogFile(appendingTo: path(ref))
  }

  /// What is read at a time; passed by at most a chunk.
  static let pieceBytes = 64 << 10

  /// Reads records from a position that an earlier call gave; 0 to begin with.
  ///
  /// - Returns: the bytes, about ``pieceBytes``, with a line where some were left out; and the next position.
  func read(_ ref: AttemptRef, from position: Int) -> (bytes: [UInt8], next: Int) {
    let descriptor = Glibc.open(path(ref), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return ([], position) }
    defer { Glibc.close(descriptor) }
    var result: [UInt8] = []
    var position = position
    while result.count < Self.pieceBytes, let (record, next) = LogFile.read(descriptor, at: position) {
      if record.dropped > 0 { result += Array("[\(record.dropped) bytes left out]\n".utf8) }
      result += record.bytes
      position = next
    }
    return (result, position)
  }

  /// Yields whenever the log of one of the instance's attempts may have grown.
  func changes(of instance: InstanceID) -> AsyncStream<Void> {
    let id = nextFollower.wrappingAdd(1, ordering: .relaxed).newValue
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    followers.withLock { $0[instance, default: [:]][id] = continuation }
    continuation.onTermination = { [weak self] _ in
      self?.followers.withLock { followers in
        followers[instance]?[id] = nil
        if followers[instance]?.isEmpty == true { followers[instance] = nil }
      }
    }
    return stream
  }
}

/// The files written last, so that a chatty job does not open its file for each line.
struct OpenFiles {
  private static let limit = 128
  /// All files there are have been counted.
  var areCounted = false
  private var files: [AttemptRef: LogFile] = [:]
  private var order: [AttemptRef] = []

  mutating func forget(_ ref: AttemptRef) {
    guard let file = files.removeValue(forKey: ref) else { return }
    file.close()
    order.removeAll { $0 == ref }
  }

  mutating func with(_ ref: AttemptRef, open: () -> LogFile?, _ body: (inout LogFile) -> Bool) -> Bool {
    if files[ref] == nil {
      guard let file = open() else { return false }
      if order.count >= Self.limit { files.removeValue(forKey: order.removeFirst())?.close() }
      files[ref] = file
      order.append(ref)
    }
    guard var file = files[ref] else { return false }
    defer { files[ref] = file }
    return body(&file)
  }
}
