import Foundation

/// What libFuzzer calls for each input. `READER` names the reader that is tried, see ``readers``.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  reader(Array(UnsafeBufferPointer(start: data, count: size)))
  return 0
}

private let reader: @Sendable ([UInt8]) -> Void = {
  guard let reader = ProcessInfo.processInfo.environment["READER"].flatMap({ readers[$0] }) else {
    print("READER must be one of \(readers.keys.sorted().joined(separator: ", "))")
    exit(2)
  }
  return reader
}()

/// No input may end the process or take long; what is taken means the same when it is written and read again.
private let readers: [String: @Sendable ([UInt8]) -> Void] = [
  "cron": cron, "tzif": tzif, "posix-rule": posixRule, "text": texts, "token": token, "request-target": requestTarget,
  "json": json, "job": job, "policy": policy, "token-body": tokenBody, "submission": submission, "yaml": yaml,
  "crontab": crontab, "stream": streams, "worker-frames": workerFrames, "worker-session": workerSession,
  "server-frames": serverFrames,
]

/// What must hold of every input: otherwise the process ends, and libFuzzer keeps the input.
func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
  if !condition { fatalError(what()) }
}

func expectSame<Value: Equatable>(_ value: Value, _ readAgain: @autoclosure () throws -> Value?) {
  do {
    let again = try readAgain()
    expect(again == value, "\(value) is \(again.map { "\($0)" } ?? "nothing") when it is read again")
  } catch {
    fatalError("\(value) is refused when it is read again: \(error)")
  }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
