/// An error for the person at the terminal: says what is wrong and what to do.
struct CLIError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
