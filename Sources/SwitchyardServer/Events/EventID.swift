import SwitchyardModel

/// Which event: `INCARNATION-NUMBER`, as `1763730000123-42`. The first part is the server's start, since numbers begin
/// anew with it.
struct EventID: Hashable, Sendable, CustomStringConvertible {
  var incarnation: UInt64
  var number: UInt64

  init(incarnation: UInt64, number: UInt64) {
    self.incarnation = incarnation
    self.number = number
  }

  init(_ text: String) throws(FieldError) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let incarnation = UInt64(parts[0]), let number = UInt64(parts[1]),
      "\(incarnation)-\(number)" == text
    else {
      throw FieldError(mustBe: "the id of an event, as 1763730000123-42", found: quoted(text))
    }
    self.init(incarnation: incarnation, number: number)
  }

  var description: String { "\(incarnation)-\(number)" }
}
