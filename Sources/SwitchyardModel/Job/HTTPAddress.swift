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

    let portText: ArraySlice<UInt8>
    if authority.first == UInt8(ascii: "[") {
      guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      let address = authority[(authority.startIndex + 1)..<end]
      guard isIPv6(address) else { return nil }
      host = String(decoding: address, as: UTF8.self).lowercased()
      portText = authority[(end + 1)...]
    } else {
      let name = authority.prefix { $0 != UInt8(ascii: ":") }
      guard Self.isHostName(name) else { return nil }
      host = String(decoding: name, as: UTF8.self).lowercased()
      portText = authority.dropFirst(name.count)
    }
    port = isSecure ? 443 : 80
    if !portText.isEmpty {
      guard portText.first == UInt8(ascii: ":"), (2...6).contains(portText.count),
        portText.dropFirst().allSatisfy(\.isASCIIDigit),
        let number = UInt16(String(decoding: portText.dropFirst(), as: UTF8.self)), number > 0
      else { return nil }
      port = number
    }
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

  /// Labels of 1 to 63 letters, digits, `-` or `_`, parted by dots; a dot may end it. IPv4 addresses are names too.
  private static func isHostName(_ name: ArraySlice<UInt8>) -> Bool {
    var name = name
    if name.last == UInt8(ascii: ".") { name.removeLast() }
    guard (1...253).contains(name.count) else { return false }
    return name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        && label.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "-_".utf8.contains($0) }
    }
  }
}

/// The text of an IPv6 address (RFC 4291, 2.2): eight groups, or fewer and one `::`; an IPv4 address may be its end.
private func isIPv6(_ text: ArraySlice<UInt8>) -> Bool {
  guard text.count <= 45 else { return false }
  let text = String(decoding: text, as: UTF8.self)
  var groups = text.split(separator: ":", omittingEmptySubsequences: false)
  let hasGap = text.firstRange(of: "::") != nil
  guard groups.count >= 3 else { return false }
  if let last = groups.last, last.contains(".") {
    let numbers = last.split(separator: ".", omittingEmptySubsequences: false)
    guard numbers.count == 4, numbers.allSatisfy({ UInt8($0) != nil && $0.utf8.allSatisfy(\.isASCIIDigit) })
    else { return false }
    groups.removeLast()
    groups += ["0", "0"]
  }
  // A gap leaves one empty group, two when it begins or ends the address, three when it is all of it.
  if text.hasPrefix("::") { groups.removeFirst() }
  if text.hasSuffix("::") { groups.removeLast() }
  let empty = groups.count { $0.isEmpty }
  let isWhole = hasGap ? empty == 1 && groups.count <= 8 : empty == 0 && groups.count == 8
  return isWhole && groups.allSatisfy { $0.utf8.count <= 4 && $0.allSatisfy(\.isHexDigit) && $0.utf8.count == $0.count }
}
