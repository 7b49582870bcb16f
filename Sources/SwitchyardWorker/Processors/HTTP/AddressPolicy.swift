import Glibc
package import SwitchyardModel

/// Where `http` jobs may connect to: a rule on the address that a connection really has, so that neither a name that
/// resolves to another address the second time nor a redirect gets around it.
///
/// Who may define a job may thereby send requests from inside of the network, and read the answers. What no job has
/// business with is denied unless it is allowed by name: link-local addresses and the metadata services of clouds, which
/// give their machine's credentials to whoever asks, and addresses that are no single machine's. Private networks are
/// allowed: most of what a scheduler calls is there. The worker's own machine is allowed where shell jobs are, which
/// reach it anyway, and denied elsewhere: services that listen there trust whoever can.
///
/// `http-deny` denies more; `http-allow` lets through what is denied by default, or, with `http-deny 0.0.0.0/0,::/0`,
/// nothing but itself.
package struct AddressPolicy: Sendable {
  private let allowed: [AddressRange]
  private let denied: [AddressRange]
  private let deniedByDefault: [AddressRange]

  private static let never = [
    "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "ff00::/8",
    // Metadata services that are not link-local: of AWS, Google, Alibaba, Oracle, Azure.
    "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16",
  ]
  private static let loopback = ["127.0.0.0/8", "::1"]

  /// - Parameters:
  ///   - allow: addresses and networks, as `10.1.0.0/16`.
  ///   - deny: the same.
  ///   - loopback: whether the worker's own machine may be called.
  /// - Throws: for a text that is no network.
  package init(allow: [String] = [], deny: [String] = [], loopback: Bool = true) throws(FieldError) {
    func ranges(_ texts: [String], _ path: String) throws(FieldError) -> [AddressRange] {
      var ranges: [AddressRange] = []
      for text in texts {
        guard let range = AddressRange(text) else {
          throw FieldError(
            path: path, mustBe: "an address or a network, as 10.1.0.0/16 or fd00::/8", found: quoted(text))
        }
        ranges.append(range)
      }
      return ranges
    }
    allowed = try ranges(allow, "http-allow")
    denied = try ranges(deny, "http-deny")
    deniedByDefault = try ranges(Self.never + (loopback ? [] : Self.loopback), "http")
  }

  /// Nil, or why this address may not be called, and what to set for that.
  package func refusal(of address: String) -> String? {
    guard let bits = AddressRange.bits(of: address) else { return "\(quoted(address)) is no IP address" }
    // Of the most exact that has it; `http-deny` where both are as exact.
    let length = { (ranges: [AddressRange]) in ranges.filter { $0.contains(bits) }.map(\.length).max() }
    let allowance = length(allowed)
    if let denial = length(denied), denial >= allowance ?? -1 {
      return "\(address) is denied by the worker's setting http-deny"
    }
    guard allowance == nil, length(deniedByDefault) != nil else { return nil }
    return "\(address) is not called by http jobs unless the worker's setting http-allow names it"
  }
}

/// The addresses that begin with some bits. IPv4 addresses are in `::ffff:0:0/96`, and IPv6 addresses that stand for
/// one (NAT64) count as it.
struct AddressRange: Hashable, Sendable {
  let prefix: [UInt8]
  let length: Int

  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let bits = Self.bits(of: String(parts[0])) else { return nil }
    // A zone, as in fe80::1%eth0, is of one address: a network has none.
    guard !parts[0].contains("%") else { return nil }
    let isIPv4 = !parts[0].contains(":")
    let width = isIPv4 ? 32 : 128
    guard let length = parts.count == 1 ? width : Int(parts[1]), (0...width).contains(length) else { return nil }
    prefix = bits
    self.length = isIPv4 ? 96 + length : length
  }

  func contains(_ bits: [UInt8]) -> Bool {
    let (bytes, rest) = length.quotientAndRemainder(dividingBy: 8)
    guard bits.prefix(bytes) == prefix.prefix(bytes) else { return false }
    return rest == 0 || (bits[bytes] ^ prefix[bytes]) >> UInt8(8 - rest) == 0
  }

  /// The 16 bytes of an address; nil for what is none.
  static func bits(of text: String) -> [UInt8]? {
    // C would read up to it and take the rest for no part of the text.
    guard !text.utf8.contains(0) else { return nil }
    var v4 = in_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + withUnsafeBytes(of: v4) { Array($0) }
    }
    var v6 = in6_addr()
    // A zone, as in fe80::1%eth0, says nothing about the address.
    guard inet_pton(AF_INET6, String(text.prefix { $0 != "%" }), &v6) == 1 else { return nil }
    let bits = withUnsafeBytes(of: v6) { Array($0) }
    let nat64: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
    guard Array(bits.prefix(12)) == nat64 else { return bits }
    return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + bits.suffix(4)
  }
}
