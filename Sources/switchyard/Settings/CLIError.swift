/// An error for the person at the terminal: says what is wrong and what to do.
struct CLIError: Error, CustomStringConvertible {
  let description: String
  /// Nobody answered: what was asked may be asked again.
  let isUnreachable: Bool

  init(_ description: String, isUnreachable: Bool = false) {
    self.description = description
    self.isUnreachable = isUnreachable
  }
}
