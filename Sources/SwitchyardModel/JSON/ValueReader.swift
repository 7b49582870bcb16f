/// Reads one value of a document into a checked value of the model.
///
/// A value that is refused is noted with its path, and a stand-in is returned, so that reading goes on and all that
/// is wrong with a document is told at once. ``JSONValue/read(at:_:)`` throws before a stand-in can be seen.
package struct ValueReader {
  package let value: JSONValue
  package let path: FieldPath
  let notes: FieldNotes

  /// The shared list of what was wrong so far.
  final class FieldNotes {
    var errors = FieldErrors()
  }

  /// Notes that this value is refused: `must be ACCEPTED, found VALUE`.
  package func refuse(mustBe accepted: String) {
    note(FieldError(mustBe: accepted, found: value.summary))
  }

  /// Notes an error; its path is taken as relative to this value.
  package func note(_ error: FieldError) {
    var error = error
    let prefix = path.description
    error.problem = error.path.isEmpty ? error.problem : "\(error.path): \(error.problem)"
    error.path = prefix
    notes.errors.append(error)
  }

  /// Text of so many bytes of UTF-8. Control characters are refused; tabs and line ends are taken if `multiline`.
  ///
  /// - Parameter check: says what would be accepted where the text is refused, nil where it is fine.
  package func string(
    bytes: ClosedRange<Int>, multiline: Bool = false, check: (String) -> String? = { _ in nil }
  ) -> String {
    guard case .string(let text) = value, bytes.contains(text.utf8.count) else {
      refuse(mustBe: "text of \(bytes.lowerBound) to \(bytes.upperBound) bytes")
      return ""
    }
    let isClean = text.utf8.allSatisfy { byte in
      byte >= 0x20 && byte != 0x7F || multiline && (byte == 0x09 || byte == 0x0A || byte == 0x0D)
    }
    guard isClean else {
      refuse(mustBe: "text without control characters")
      return ""
    }
    if let accepted = check(text) { refuse(mustBe: accepted) }
    return text
  }

  package func integer<I: FixedWidthInteger>(in range: ClosedRange<I>) -> I {
    guard let integer = value.integerValue, let result = I(exactly: integer), range.contains(result) else {
      refuse(mustBe: "an integer in \(range.lowerBound)...\(range.upperBound)")
      return range.lowerBound
    }
    return result
  }

  package func double(in range: ClosedRange<Double>) -> Double {
    guard let result = value.doubleValue, range.contains(result) else {
      refuse(mustBe: "a number in \(JSONValue.number(range.lowerBound).summary)...\(range.upperBound)")
      return range.lowerBound
    }
    return result
  }

  package func bool() -> Bool {
    guard case .bool(let result) = value else {
      refuse(mustBe: "true or false")
      return false
    }
    return result
  }

  /// One of the raw values of an enumeration.
  package func choice<Choice: CaseIterable & RawRepresentable>(of type: Choice.Type) -> Choice?
  where Choice.RawValue == String {
    if case .string(let text) = value, let choice = Choice(rawValue: text) { return choice }
    refuse(mustBe: oneOf(Choice.allCases.map(\.rawValue)))
    return nil
  }

  /// Whatever `parse` makes of the text; the error that it throws is noted.
  package func parsed<T>(bytes: ClosedRange<Int> = 1...256, _ parse: (String) throws(FieldError) -> T) -> T? {
    guard case .string(let text) = value, bytes.contains(text.utf8.count) else {
      _ = string(bytes: bytes)
      return nil
    }
    do {
      return try parse(text)
    } catch {
      note(error)
      return nil
    }
  }

  /// A list of so many elements. A list that is too long is refused without a look at its elements.
  package func list<T>(count: ClosedRange<Int>, _ element: (ValueReader) -> T?) -> [T] {
    guard case .array(let values) = value, count.contains(values.count) else {
      refuse(mustBe: "a list of \(count.lowerBound) to \(count.upperBound) elements")
      return []
    }
    return values.enumerated().compactMap { index, value in
      element(ValueReader(value: value, path: .element(path, index), notes: notes))
    }
  }

  /// An object whose names are data, as in `labels` and `env`, in the order of the document.
  ///
  /// - Parameter key: says what would be accepted where a name is refused.
  package func map<T>(
    count: ClosedRange<Int>, key: (String) -> String?, _ element: (ValueReader) -> T?
  ) -> [(name: String, value: T)] {
    guard case .object(let object) = value, count.contains(object.count) else {
      refuse(mustBe: "an object of \(count.lowerBound) to \(count.upperBound) members")
      return []
    }
    return object.members.compactMap { member in
      if let accepted = key(member.name) {
        note(FieldError(path: "name", mustBe: accepted, found: quoted(member.name)))
      }
      let reader = ValueReader(value: member.value, path: .field(path, member.name), notes: notes)
      return element(reader).map { (member.name, $0) }
    }
  }

  /// An object with known fields. All that `body` did not ask for is refused.
  package func object<T>(_ body: (ObjectReader) -> T?) -> T? {
    guard case .object(let object) = value else {
      refuse(mustBe: "an object")
      return nil
    }
    let reader = ObjectReader(object: object, path: path, notes: notes)
    let result = body(reader)
    reader.refuseUnknownFields()
    return result
  }
}

/// `one of a, b, c`
package func oneOf(_ names: [String]) -> String {
  names.count == 1 ? names[0] : "one of \(names.joined(separator: ", "))"
}
