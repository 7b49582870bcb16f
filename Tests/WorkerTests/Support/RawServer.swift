import Foundation
import Glibc
import SwitchyardSystem

@testable import SwitchyardWorker

/// A server that answers each connection with fixed bytes, and collects what was asked.
final class RawServer: Sendable {
  let port: Int
  let requests = Collector<String>()
  private let listener: Descriptor

  enum Behaviour: Sendable {
    case answer(String)
    /// Answers nothing and keeps the connection.
    case silence
    /// By the path.
    case choose(@Sendable (String) -> String)
  }

  /// - Parameter host: an IPv4 address of this machine.
  init(_ behaviour: Behaviour, host: UInt32 = 0x7F00_0001) throws {
    listener = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = host.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let number = listener.number
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(number, address, length) == 0 && listen(number, 16) == 0 && getsockname(number, address, &length) == 0
      }
    }
    guard bound else { throw WorkerError(.system, "cannot listen") }
    port = Int(UInt16(bigEndian: address.sin_port))
    // The thread keeps the listener: its number must not become that of another server's.
    let (requests, listener) = (requests, listener)
    startThread(name: "raw-server") { Self.serve(listener, behaviour, requests) }
  }

  /// Ends the thread, too.
  func close() { shutdown(listener.number, Int32(SHUT_RDWR)) }

  private static func serve(_ listener: Descriptor, _ behaviour: Behaviour, _ requests: Collector<String>) {
    var kept: [Descriptor] = []
    while true {
      let connection = accept(listener.number, nil, nil)
      guard connection >= 0 else { return }
      let descriptor = Descriptor(owning: connection)
      let request = read(from: connection)
      requests.append(request)
      let answer: String
      switch behaviour {
      case .answer(let text): answer = text
      case .choose(let choose): answer = choose(request.split(separator: " ").dropFirst().first.map(String.init) ?? "")
      case .silence:
        kept.append(descriptor)
        continue
      }
      let bytes = Array(answer.utf8)
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { break }
        sent += count
      }
    }
  }

  /// The head and the body that it announces.
  private static func read(from connection: Int32) -> String {
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return text }
      text += String(decoding: buffer.prefix(count), as: UTF8.self)
      guard let end = text.range(of: "\r\n\r\n") else { continue }
      let length = text.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        .flatMap { Int($0.split(separator: ":")[1].trimmingPrefix(" ")) }
      if text[end.upperBound...].utf8.count >= length ?? 0 { return text }
    }
  }
}
