package import CSwitchyard

/// Texts that cross the boundary to a plugin. Nothing that comes from there is believed: lengths are bounded, bytes are
/// repaired to UTF-8, and control characters cannot reach a terminal or a log.
enum PluginText {
  /// A text of a pointer and a length.
  static func read(_ text: sy_str, limit: Int) -> String {
    guard text.len > 0, let pointer = text.ptr else { return "" }
    let count = min(text.len, limit)
    return pointer.withMemoryRebound(to: UInt8.self, capacity: count) {
      clean(UnsafeBufferPointer(start: $0, count: count))
    }
  }

  /// A NUL-terminated text; nil when it is NULL or no NUL comes within `limit` bytes.
  static func read(_ pointer: UnsafePointer<CChar>?, limit: Int) -> String? {
    guard let pointer else { return nil }
    var count = 0
    while pointer[count] != 0 {
      count += 1
      if count > limit { return nil }
    }
    return pointer.withMemoryRebound(to: UInt8.self, capacity: count) {
      clean(UnsafeBufferPointer(start: $0, count: count))
    }
  }

  private static func clean(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    guard bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
  }
}

/// The buffer in which a plugin says what went wrong. Belongs to one thread.
package final class ErrorBuffer {
  private static let capacity = 1_024
  private let text: UnsafeMutablePointer<CChar>
  package let pointer: UnsafeMutablePointer<sy_error>

  package init() {
    text = .allocate(capacity: Self.capacity)
    text.initialize(repeating: 0, count: Self.capacity)
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: sy_error(text: text, cap: Self.capacity))
  }

  deinit {
    text.deallocate()
    pointer.deallocate()
  }

  /// Empties it before a call. The plugin may have bent the pointers: they are set again.
  @inline(__always)
  package func clear() {
    text[0] = 0
    pointer.pointee = sy_error(text: text, cap: Self.capacity)
  }

  @inline(__always)
  package var isEmpty: Bool { text[0] == 0 }

  package var message: String {
    text[Self.capacity - 1] = 0
    return PluginText.read(text, limit: Self.capacity) ?? ""
  }
}

/// A status as people read it.
package func statusText(_ status: sy_status) -> String {
  switch status {
  case 0: "SY_OK"
  case 1: "SY_NONE"
  case 2: "SY_NEVER"
  case 3: "SY_DEFER"
  case -1: "SY_E_ARG"
  case -2: "SY_E_CONFIG"
  case -3: "SY_E_STATE"
  case -4: "SY_E_INTERNAL"
  default: "status \(status)"
  }
}
