/// Reading TZif, the compiled form of the IANA time zone database (RFC 9636, formerly RFC 8536), versions 1 to 4.
///
/// Of a file of version 2 or later the 64-bit block and the footer are read, and the old block is stepped over. Leap
/// seconds (the `right/` zones) are refused, because ``Timestamp`` has none. Abbreviations are not kept.
extension TimeZoneRules {
  /// - Parameters:
  ///   - identifier: the name that the rules will bear.
  ///   - tzif: the content of the file. Anything is safe to pass: what is not TZif is refused.
  package init(identifier: String, tzif bytes: [UInt8]) throws(FieldError) {
    guard let rules = Self.read(identifier, bytes) else {
      throw FieldError(
        problem: "the file of the time zone \(quoted(identifier)) is not valid TZif without leap seconds",
        accepted: "a file as in /usr/share/zoneinfo")
    }
    self = rules
  }

  private static func read(_ identifier: String, _ bytes: [UInt8]) -> TimeZoneRules? {
    guard bytes.count <= 1 << 18 else { return nil }
    var reader = TZifReader(bytes: bytes)
    guard let old = reader.header() else { return nil }
    if old.version == 0 {
      return reader.block(old, wide: false).map {
        TimeZoneRules(identifier: identifier, transitions: $0.transitions, offsets: $0.offsets, footer: nil)
      }
    }
    guard reader.skip(old.length(wide: false)), let header = reader.header(),
      let block = reader.block(header, wide: true), let footer = reader.footer()
    else { return nil }
    var rule: PosixRule?
    if !footer.isEmpty {
      guard let parsed = PosixRule(parsing: footer) else { return nil }
      rule = parsed
    }
    return TimeZoneRules(
      identifier: identifier, transitions: block.transitions, offsets: block.offsets, footer: rule)
  }
}

/// A cursor over the file; every step checks that the bytes are there.
private struct TZifReader {
  let bytes: [UInt8]
  var position = 0

  struct Header {
    var version: UInt8
    var isUTCCount, isStandardCount, leapCount, transitionCount, typeCount, characterCount: Int

    /// Of the data block that follows, in bytes.
    func length(wide: Bool) -> Int {
      let width = wide ? 8 : 4
      return transitionCount * (width + 1) + typeCount * 6 + characterCount + leapCount * (width + 4) + isStandardCount
        + isUTCCount
    }
  }

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func header() -> Header? {
    guard position + 44 <= bytes.count, bytes[position..<position + 4].elementsEqual("TZif".utf8) else { return nil }
    let version = bytes[position + 4]
    position += 20
    let counts = (0..<6).map { _ in Int(integer(4)) }
    // 32-bit counts: their sum in `length` cannot overflow, and is then held against the length of the file.
    guard counts.allSatisfy({ (0...65_536).contains($0) }) else { return nil }
    return Header(
      version: version, isUTCCount: counts[0], isStandardCount: counts[1], leapCount: counts[2],
      transitionCount: counts[3], typeCount: counts[4], characterCount: counts[5])
  }

  mutating func skip(_ count: Int) -> Bool {
    guard position + count <= bytes.count else { return false }
    position += count
    return true
  }

  /// Signed, big-endian. The caller has checked the length.
  private mutating func integer(_ width: Int) -> Int64 {
    var value: Int64 = bytes[position] & 0x80 == 0 ? 0 : -1
    for byte in bytes[position..<position + width] { value = value << 8 | Int64(byte) }
    position += width
    return value
  }

  mutating func block(_ header: Header, wide: Bool) -> (transitions: [Int64], offsets: [Int32])? {
    let length = header.length(wide: wide)
    guard position + length <= bytes.count, header.leapCount == 0, (1...256).contains(header.typeCount),
      header.transitionCount <= 4096
    else { return nil }
    let end = position + length
    let transitions = (0..<header.transitionCount).map { _ in integer(wide ? 8 : 4) }
    let types = bytes[position..<position + header.transitionCount].map(Int.init)
    position += header.transitionCount
    var offsets: [Int32] = []
    for _ in 0..<header.typeCount {
      let offset = integer(4)
      guard (-90_000...93_600).contains(offset) else { return nil }
      offsets.append(Int32(offset))
      position += 2
    }
    position = end
    guard types.allSatisfy({ $0 < header.typeCount }), zip(transitions, transitions.dropFirst()).allSatisfy(<)
    else { return nil }
    // Before the first transition type 0 holds (RFC 9636, 3.2).
    return (transitions, [offsets[0]] + types.map { offsets[$0] })
  }

  /// The text between the two line ends that follow the 64-bit block.
  mutating func footer() -> ArraySlice<UInt8>? {
    guard position < bytes.count, bytes[position] == 0x0A,
      let end = bytes[(position + 1)...].firstIndex(of: 0x0A)
    else { return nil }
    return bytes[(position + 1)..<end]
  }
}
