import SwitchyardModel

/// A part of a request outside of its body: declared once, read by handlers and shown in the API's document.
///
/// ```swift
/// static let limit = Parameter.integer("limit", in: 1...1000, "How many at most.").or(100)
/// // in a route: query: [Query.limit]; in its handler:
/// let limit = try request[Query.limit]
/// ```
struct Parameter<Value: Sendable>: Declared {
  let declaration: ParameterDeclaration
  /// What stands for one that is not given; nil: it must be.
  let absent: Value?
  let read: @Sendable (String) throws(FieldError) -> Value

  init(
    _ name: String, _ schema: Schema, _ about: String, _ read: @escaping @Sendable (String) throws(FieldError) -> Value
  ) {
    declaration = ParameterDeclaration(
      place: .query, name: name, about: about, schema: schema, isRequired: true
    ) { text throws(FieldError) in _ = try read(text) }
    absent = nil
    self.read = read
  }

  private init(
    _ declaration: ParameterDeclaration, absent: Value?,
    _ read: @escaping @Sendable (String) throws(FieldError) -> Value
  ) {
    self.declaration = declaration
    self.absent = absent
    self.read = read
  }

  /// The same, with a value for when it is not given.
  ///
  /// - Parameter shown: the value in the document.
  func or(_ value: Value, shown: JSONValue? = nil) -> Parameter {
    var declaration = declaration
    declaration.isRequired = false
    if let shown { declaration.schema = declaration.schema.with("default", shown) }
    return Parameter(declaration, absent: value, read)
  }

  /// The same, nil when it is not given.
  var optional: Parameter<Value?> {
    var declaration = declaration
    declaration.isRequired = false
    return Parameter<Value?>(declaration, absent: .some(nil)) { [read] text throws(FieldError) in try read(text) }
  }

  /// A segment of the path.
  var inPath: Parameter { at(.path) }
  /// A header field.
  var inHeader: Parameter { at(.header) }

  private func at(_ place: ParameterDeclaration.Place) -> Parameter {
    var declaration = declaration
    declaration.place = place
    return Parameter(declaration, absent: absent, read)
  }
}

/// A parameter of any type.
protocol Declared: Sendable {
  var declaration: ParameterDeclaration { get }
}

/// What a parameter is, whatever its type.
struct ParameterDeclaration: Sendable {
  enum Place: String, Sendable { case path, query, header }

  var place: Place
  let name: String
  let about: String
  var schema: Schema
  var isRequired: Bool
  /// Throws what is wrong with a text.
  let check: @Sendable (String) throws(FieldError) -> Void
}

extension Parameter where Value == String {
  /// - Parameter check: says what would be accepted where the text is refused, nil where it is fine.
  static func text(
    _ name: String, _ schema: Schema, _ about: String, check: @escaping @Sendable (String) -> String?
  ) -> Parameter {
    Parameter(name, schema, about) { text throws(FieldError) in
      if let accepted = check(text) { throw FieldError(mustBe: accepted, found: quoted(text)) }
      return text
    }
  }

  /// Text of so many bytes, without control characters.
  static func text(_ name: String, bytes: ClosedRange<Int>, _ about: String) -> Parameter {
    text(name, .text(bytes), about) { text in
      bytes.contains(text.utf8.count) && !text.utf8.contains { $0 < 0x20 || $0 == 0x7F }
        ? nil : "text of \(bytes.lowerBound) to \(bytes.upperBound) bytes without control characters"
    }
  }
}

extension Parameter where Value: FixedWidthInteger {
  /// In decimal digits as programs write them: no sign, no zeros in front.
  static func integer(_ name: String, in range: ClosedRange<Value>, _ about: String) -> Parameter {
    Parameter(name, .integer(range), about) { text throws(FieldError) in
      guard let number = Value(text), range.contains(number), text == String(number) else {
        throw FieldError(mustBe: "an integer in \(range.lowerBound)...\(range.upperBound)", found: quoted(text))
      }
      return number
    }
  }

  func or(_ value: Value) -> Parameter { or(value, shown: .integer(Int64(clamping: value))) }
}

extension Parameter where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
  /// One of the words of an enumeration.
  static func choice(_ name: String, _ about: String) -> Parameter {
    let words = Value.allCases.map(\.rawValue)
    return Parameter(name, .choice(words), about) { text throws(FieldError) in
      guard let value = Value(rawValue: text) else { throw FieldError(mustBe: oneOf(words), found: quoted(text)) }
      return value
    }
  }
}

extension Parameter where Value == Bool {
  /// `true` or `false`; false when it is not given.
  static func flag(_ name: String, _ about: String) -> Parameter {
    Parameter(name, .bool, about) { text throws(FieldError) in
      guard text == "true" || text == "false" else { throw FieldError(mustBe: "true or false", found: quoted(text)) }
      return text == "true"
    }.or(false, shown: false)
  }
}

extension Parameter where Value == Span {
  static func span(_ name: String, in range: ClosedRange<Span>, _ about: String) -> Parameter {
    Parameter(name, .span(range), about) { text throws(FieldError) in
      let span = try Span(parsing: text)
      guard range.contains(span) else {
        throw FieldError(mustBe: "a length of time in \(range.lowerBound)...\(range.upperBound)", found: quoted(text))
      }
      return span
    }
  }
}

extension Parameter where Value == Timestamp {
  static func time(_ name: String, _ about: String) -> Parameter {
    Parameter(name, .time, about) { text throws(FieldError) in try Timestamp(parsing: text) }
  }
}

extension Parameter where Value: Identifier {
  static func identity(_ name: String, _ about: String) -> Parameter {
    Parameter(name, .identity, about) { text throws(FieldError) in
      guard let id = Value(text) else {
        throw FieldError(
          mustBe: "an identity of 13 letters and digits, such as 01JD3Q8ZK2M4T", found: quoted(text))
      }
      return id
    }
  }
}
