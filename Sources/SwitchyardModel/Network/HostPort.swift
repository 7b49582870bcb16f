/// Where somebody listens (the authority of RFC 3986, 3.2, without a user): `HOST`, `HOST:PORT`, `[::1]:PORT`. Right in
/// form: whether there is such a host is another question.
package struct HostPort: Hashable, Sendable {
  /// In lower case; an IPv6 address without its brackets.
  package var host: String
  /// Nil: none is named.
  package var port: UInt16?

  /// Nil for what is none.
  package init?(parsing text: some StringProtocol) { self.init(parsing: ArraySlice(text.utf8)) }

  init?(parsing bytes: ArraySlice<UInt8>) {
    let rest: ArraySlice<UInt8>
    if bytes.first == UInt8(ascii: "[") {
      guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      let address = bytes[(bytes.startIndex + 1)..<end]
      guard isIPv6(address) else { return nil }
      host = String(decoding: address, as: UTF8.self).lowercased()
      rest = bytes[(end + 1)...]
    } else {
      let name = bytes.prefix { $0 != UInt8(ascii: ":") }
      guard Self.isHostName(name) else { return nil }
      host = String(decoding: name, as: UTF8.self).lowercased()
      rest = bytes.dropFirst(name.count)
    }
    guard !rest.isEmpty else { return }
    guard rest.first == UInt8(ascii: ":"), (2...6).contains(rest.count), rest.dropFirst().allSatisfy(\.isASCIIDigit),
      let number = UInt16(String(decoding: rest.dropFirst(), as: UTF8.self))
    else { return nil }
    port = number
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
