import Foundation
import Synchronization

/// Ports of loopback that nobody uses.
///
/// They lie below the range from which the kernel takes those of outgoing connections: a server that was
/// killed finds its port free again, however many clients knock at it meanwhile.
enum FreePorts {
  private static let range = 20_000..<32_000
  private static let next = Mutex(range.lowerBound + Int(getpid()) * 37 % range.count)

  static func take() throws -> Int {
    try next.withLock { next in
      for _ in range {
        let port = next
        next = next + 1 < range.upperBound ? next + 1 : range.lowerBound
        if isFree(port) { return port }
      }
      throw Failure("no free port on 127.0.0.1 in \(range)")
    }
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    return withLoopback(port) { bind(descriptor, $0, $1) == 0 }
  }
}

/// Hands the address of 127.0.0.1 and a port to a system call.
func withLoopback<T>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}
