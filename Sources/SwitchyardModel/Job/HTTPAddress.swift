/// The parts of an `http` or `https` URL (RFC 3986) that a job may call: checked here in form alone. Where it may
/// really connect to is the worker's policy on addresses.
package struct HTTPAddress: Hashable, Sendable {
  package var isSecure: Bool
  /// As written, in lower case; an IPv6 address without its brackets.
  package var host: String
  package var port: UInt16

  package static let accepted =
    "a URL such as https://example.org/path: http or https, a host, no user, no fragment, other characters as %XX"

  /// Nil for what is no such URL.
  package init?(parsing url: String) {
    let bytes = Array(url.utf8)
    guard bytes.count <= 2048, bytes.allSatisfy(Self.isAllowed), Self.escapesAreWhole(bytes) else { return nil }
    let lower = url.prefix(8).lowercased()
    isSecure = lower == "https://"
    guard isSecure || lower.hasPrefix("http://") else { return nil }
    let authority = bytes.dropFirst(isSecure ? 8 : 7).prefix { !"/?".utf8.contains($0) }
    let rest = bytes.dropFirst((isSecure ? 8 : 7) + authority.count)
    guard rest.allSatisfy({ !"[]".utf8.contains($0) }) else { return nil }

    guard let parts = HostPort(parsing: authority), parts.port != 0 else { return nil }
    host = parts.host
    port = parts.port ?? (isSecure ? 443 : 80)
  }

  /// The characters of RFC 3986 without `#`: a fragment is never sent. (`@` is refused in the host by its own rule.)
  private static func isAllowed(_ byte: UInt8) -> Bool {
    byte.isASCIILetter || byte.isASCIIDigit || "-._~:/?[]!$&'()*+,;=%@".utf8.contains(byte)
  }

  private static func escapesAreWhole(_ bytes: [UInt8]) -> Bool {
    func isHexadecimal(_ byte: UInt8) -> Bool { byte.isASCIIDigit || (byte | 0x20) &- UInt8(ascii: "a") < 6 }
    return bytes.indices.allSatisfy { index in
      bytes[index] != UInt8(ascii: "%")
        || index + 2 < bytes.count && isHexadecimal(bytes[index + 1]) && isHexadecimal(bytes[index + 2])
    }
  }
}
