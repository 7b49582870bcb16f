import Foundation
import SwitchyardModel

/// An answer of the server, as it came.
struct HTTPAnswer: Sendable {
  var status: Int
  var headers: [String: String]
  var body: [UInt8]

  var text: String { String(decoding: body, as: UTF8.self) }
  var json: JSONValue {
    get throws { try JSONValue(parsing: body, limits: JSONLimits(bytes: 64 << 20)) }
  }
  /// What a problem says of itself (RFC 9457).
  var detail: String { (try? json)?["detail"]?.stringValue ?? text }
}

/// One request over a connection of its own, by nothing but sockets: what is tested shares no code with it.
struct HTTPExchange: Sendable {
  var port: Int
  var method: String
  var target: String
  var headers: [(String, String)] = []
  var body: [UInt8] = []
  /// Between two pieces of the answer.
  var patience: Int = 60

  func run() async throws -> HTTPAnswer {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try exchange() }) }
    }
  }

  private func exchange() throws -> HTTPAnswer {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure("no socket: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var limit = timeval(tv_sec: patience, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    guard withLoopback(port, { connect(descriptor, $0, $1) }) == 0 else {
      throw Failure("port \(port) refuses: \(String(cString: strerror(errno)))")
    }
    var head = "\(method) \(target) HTTP/1.1\r\nhost: 127.0.0.1:\(port)\r\nconnection: close\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if !body.isEmpty || method != "GET" { head += "content-length: \(body.count)\r\n" }
    // A server that refuses a body early closes while it still comes: what it answered counts.
    _ = write(Array((head + "\r\n").utf8) + body, to: descriptor)
    return try parse(try readAll(descriptor))
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private func readAll(_ descriptor: Int32) throws -> [UInt8] {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 {
        result += buffer[..<count]
      } else if count == 0 || !result.isEmpty && errno == ECONNRESET {
        return result
      } else if errno != EINTR {
        throw Failure("\(method) \(target): no answer: \(String(cString: strerror(errno)))")
      }
    }
  }

  private func parse(_ bytes: [UInt8]) throws -> HTTPAnswer {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
      throw Failure("\(method) \(target): the connection ended within the head of the answer")
    }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw Failure("\(method) \(target): answered \(lines[0])")
    }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    var body = Array(bytes[end.upperBound...])
    // An answer to HEAD tells of a body that does not come.
    if method == "HEAD" { return HTTPAnswer(status: status, headers: headers, body: body) }
    if headers["transfer-encoding"] == "chunked" {
      body = try dechunked(body)
    } else if let length = headers["content-length"].flatMap({ Int($0) }), body.count < length {
      throw Failure("\(method) \(target): the connection ended within the body of the answer")
    }
    return HTTPAnswer(status: status, headers: headers, body: body)
  }

  private func dechunked(_ bytes: [UInt8]) throws -> [UInt8] {
    var result: [UInt8] = []
    var rest = bytes[...]
    while let line = rest.firstIndex(of: 0x0D),
      let size = Int(String(decoding: rest[..<line].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self), radix: 16)
    {
      if size == 0 { return result }
      rest = rest.dropFirst(line - rest.startIndex + 2)
      result += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
    }
    throw Failure("\(method) \(target): the connection ended within the body of the answer")
  }
}
