import Foundation
import SwitchyardModel

/// A kept-alive HTTP/1.1 connection on a plain socket: a client that costs little, so that the server is what is measured.
final class HTTPConnection {
  private let descriptor: Int32
  private let token: String
  private var buffer: [UInt8] = []

  init(port: UInt16, token: String) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.token = token
    var address = Self.loopback(port)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard connected else {
      close(descriptor)
      throw BenchError("nobody listens at 127.0.0.1:\(port)")
    }
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
  }

  deinit { close(descriptor) }

  /// Sends a request and reads its answer.
  ///
  /// - Returns: the status and the body.
  func exchange(_ method: String, _ path: String, body: String = "") throws -> (status: Int, body: [UInt8]) {
    let head = """
      \(method) \(path) HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \(token)\r\n\
      content-length: \(body.utf8.count)\r\n\r\n
      """
    try send(Array((head + body).utf8))
    return try receive()
  }

  func json(_ method: String, _ path: String, body: String = "") throws -> JSONValue {
    let (status, body) = try exchange(method, path, body: body)
    guard (200..<300).contains(status) else {
      throw BenchError("\(method) \(path): \(status) \(String(decoding: body, as: UTF8.self))")
    }
    return try JSONValue(parsing: body, limits: JSONLimits(bytes: 64 << 20))
  }

  /// For answers that only have to be good. A server that asks for patience gets some.
  func expect(_ method: String, _ path: String, body: String = "") throws {
    while true {
      let (status, answer) = try exchange(method, path, body: body)
      if (200..<300).contains(status) { return }
      guard status == 429 else {
        throw BenchError("\(method) \(path): \(status) \(String(decoding: answer, as: UTF8.self))")
      }
      usleep(2_000)
    }
  }

  /// Posts so many lines in chunks, while another thread reads as many lines of the answer.
  func stream(_ path: String, line: String, count: Int) throws {
    let head = """
      POST \(path) HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \(token)\r\n\
      content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n
      """
    try send(Array(head.utf8))
    let reader = LineCounter(descriptor)
    let reading = DispatchGroup()
    reading.enter()
    Thread.detachNewThread {
      reader.run(until: count)
      reading.leave()
    }
    let perChunk = 500
    for first in stride(from: 0, to: count, by: perChunk) {
      let lines = String(repeating: line + "\n", count: min(perChunk, count - first))
      try send(Array((String(lines.utf8.count, radix: 16) + "\r\n" + lines + "\r\n").utf8))
    }
    try send(Array("0\r\n\r\n".utf8))
    reading.wait()
    guard reader.lines == count else {
      throw BenchError("a stream of \(count) lines was answered by \(reader.lines): \(reader.beginning)")
    }
  }

  private func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, 0)
      }
      guard count > 0 else { throw BenchError("the server closed the connection") }
      sent += count
    }
  }

  private func receive() throws -> (Int, [UInt8]) {
    while true {
      if let end = headEnd() {
        let head = String(decoding: buffer[..<end], as: UTF8.self).lowercased()
        let lines = head.split(separator: "\r\n")
        let status = lines.first.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } ?? 0
        let length =
          lines.first { $0.hasPrefix("content-length:") }
          .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
        while buffer.count < end + 4 + length { try fill() }
        let body = Array(buffer[(end + 4)..<(end + 4 + length)])
        buffer.removeFirst(end + 4 + length)
        return (status, body)
      }
      try fill()
    }
  }

  private func headEnd() -> Int? {
    guard buffer.count >= 4 else { return nil }
    for index in 0...(buffer.count - 4)
    where buffer[index] == 13 && buffer[index + 1] == 10 && buffer[index + 2] == 13 && buffer[index + 3] == 10 {
      return index
    }
    return nil
  }

  private func fill() throws {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count > 0 else { throw BenchError("the server closed the connection") }
    buffer += chunk.prefix(count)
  }

  static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard bound else { throw BenchError("no free port on 127.0.0.1") }
    return UInt16(bigEndian: address.sin_port)
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }
}

/// Reads an answer that comes while the request is being sent, and counts lines of JSON: bytes that end in "}" and a line
/// feed, which no framing does.
private final class LineCounter: @unchecked Sendable {
  // Of the reading thread alone until it is done.
  private(set) var lines = 0
  private(set) var beginning = ""
  private let descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  func run(until count: Int) {
    var chunk = [UInt8](repeating: 0, count: 256 << 10)
    var last: UInt8 = 0
    while lines < count {
      let received = recv(descriptor, &chunk, chunk.count, 0)
      guard received > 0 else { return }
      if beginning.isEmpty { beginning = String(decoding: chunk.prefix(min(received, 500)), as: UTF8.self) }
      for byte in chunk.prefix(received) {
        if byte == UInt8(ascii: "\n"), last == UInt8(ascii: "}") { lines += 1 }
        last = byte
      }
      // A refusal is answered whole, and nothing follows.
      if lines == 0, beginning.hasPrefix("HTTP/1.1 4") || beginning.hasPrefix("HTTP/1.1 5") { return }
    }
  }
}
