import HTTPTypes
import SwitchyardModel

/// Path and query of a request, decoded: `%2F` in a segment is data and divides nothing, `+` in a query is a space.
struct RequestTarget {
  static let bytes = 8192

  let segments: [String]
  let query: [(name: String, value: String)]

  /// - Parameters:
  ///   - path: as it came, with its escapes.
  ///   - query: what is behind the `?`.
  init(path: String, query: String?) throws(APIError) {
    guard path.utf8.count + (query?.utf8.count ?? 0) <= Self.bytes else {
      throw APIError(status: .uriTooLong, detail: "path and query may have at most \(Self.bytes) bytes together")
    }
    var segments: [String] = []
    for segment in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst() {
      segments.append(try Self.decoded(segment, "path"))
    }
    var pairs: [(name: String, value: String)] = []
    for pair in (query ?? "").utf8.split(separator: UInt8(ascii: "&")) {
      let name = pair.prefix { $0 != UInt8(ascii: "=") }
      let value = pair.dropFirst(name.count + 1)
      pairs.append((try Self.decoded(name, "query", form: true), try Self.decoded(value, "query", form: true)))
    }
    self.segments = segments
    self.query = pairs
  }

  private static func decoded(_ text: Substring.UTF8View, _ place: String, form: Bool = false) throws(APIError)
    -> String
  {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var rest = text[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = digit(rest.popFirst()), let low = digit(rest.popFirst()) else {
          throw APIError(
            status: .badRequest,
            detail: "the \(place) has a % without two hexadecimal digits behind it; a % itself is written %25")
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where form: bytes.append(0x20)
      default: bytes.append(byte)
      }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
      throw APIError(status: .badRequest, detail: "the \(place) is not UTF-8 once its escapes are read")
    }
    return decoded
  }

  private static func digit(_ byte: UInt8?) -> UInt8? {
    byte.flatMap { Character(Unicode.Scalar($0)).hexDigitValue }.map(UInt8.init)
  }
}
