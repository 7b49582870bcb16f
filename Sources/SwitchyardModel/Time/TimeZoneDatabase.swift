/// Finds time zones by their IANA names. Reading the file is the caller's affair, and so is keeping what was read.
package struct TimeZoneDatabase: Sendable {
  /// Gives the TZif file of a name that passed ``check(name:)``; nil when there is none.
  private let read: @Sendable (String) -> [UInt8]?

  package init(read: @escaping @Sendable (String) -> [UInt8]?) { self.read = read }

  /// `UTC` is known without a file.
  package func zone(named name: String) throws(FieldError) -> TimeZoneRules {
    if name == "UTC" { return .utc }
    try Self.check(name: name)
    guard let bytes = read(name) else {
      throw FieldError(
        problem: "the time zone \(quoted(name)) is not known here; it must be \(Self.accepted)",
        accepted: Self.accepted)
    }
    return try TimeZoneRules(identifier: name, tzif: bytes)
  }

  private static let accepted = "an IANA name such as \"Europe/Paris\" or \"UTC\""

  /// Refuses what could be no name of a zone, above all paths out of the database: parts of ASCII letters, digits and
  /// `+-_`, parted by single slashes; at most 64 bytes.
  package static func check(name: String) throws(FieldError) {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isName =
      name.utf8.count <= 64
      && parts.allSatisfy { part in
        !part.isEmpty
          && part.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "+-_".utf8.contains($0) }
      }
    guard isName else { throw FieldError(mustBe: accepted, found: quoted(name)) }
  }
}
