import SwitchyardModel

/// A request whose parts are read strictly: an unknown query parameter is refused as a misspelt field is.
final class APIRequest: Sendable {
  private let parameters: [String: String]
  private let query: [(name: String, value: String)]
  private let body: [UInt8]

  init(parameters: [String: String], query: [(name: String, value: String)], body: [UInt8]) {
    self.parameters = parameters
    self.query = query
    self.body = body
  }

  /// A part of the path.
  func path(_ name: String) -> String { parameters[name] ?? "" }

  /// An identity in the path.
  func identity<ID: Identifier>(_ name: String, _ what: String) throws(APIError) -> ID {
    guard let id = ID(path(name)) else {
      throw APIError.notFound("\(what) \(quoted(path(name))): an identity has 13 letters and digits, as 01JD3Q8ZK2M4T")
    }
    return id
  }

  /// The query as an object of texts, read like a document.
  func query<T>(_ read: (ObjectReader) -> T?) throws -> T {
    var object = JSONObject()
    for (name, value) in query {
      guard object[name] == nil else {
        throw FieldErrors([FieldError(path: name, problem: "is given twice; give it once")])
      }
      object[name] = .string(value)
    }
    return try JSONValue.object(object).read(read)
  }

  /// The body as JSON; an empty one is an empty object.
  func json() throws -> JSONValue { body.isEmpty ? [:] : try JSONValue(parsing: body) }
}

extension ObjectReader {
  /// A whole number in a query, where everything is text.
  func number<I: FixedWidthInteger>(_ name: String, in range: ClosedRange<I>, default value: I) -> I {
    optional(name)?.parsed { text throws(FieldError) in
      guard let number = I(text), range.contains(number) else {
        throw FieldError(mustBe: "an integer in \(range.lowerBound)...\(range.upperBound)", found: quoted(text))
      }
      return number
    } ?? value
  }

  func flag(_ name: String) -> Bool {
    optional(name)?.parsed { text throws(FieldError) in
      switch text {
      case "true", "1": return true
      case "false", "0": return false
      default: throw FieldError(mustBe: "true or false", found: quoted(text))
      }
    } ?? false
  }

  func identity<ID: Identifier>(_ name: String, as type: ID.Type) -> ID? {
    optional(name)?.parsed { text throws(FieldError) in
      guard let id = ID(text) else {
        throw FieldError(mustBe: "an identity of 13 letters and digits", found: quoted(text))
      }
      return id
    }
  }
}
