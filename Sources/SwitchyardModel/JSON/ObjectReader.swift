/// Reads the fields of one object, strictly: each is asked for by name, and what nobody asked for is refused.
///
/// `null` stands for an absent field. The getters return a stand-in where a field is missing or refused; see
/// ``ValueReader``.
///
/// ```swift
/// let spec = try json.read(at: "spec") { spec in
///   Example(
///     name: spec.string("name", bytes: 1...64),
///     limit: spec.optional("limit")?.integer(in: 0...100) ?? 0,
///     tags: spec.optional("tags")?.list(count: 0...16) { $0.string(bytes: 1...64) } ?? [])
/// }
/// ```
package final class ObjectReader {
  package let object: JSONObject
  package let path: FieldPath
  private let notes: ValueReader.FieldNotes
  private var known: [String] = []

  init(object: JSONObject, path: FieldPath, notes: ValueReader.FieldNotes) {
    self.object = object
    self.path = path
    self.notes = notes
  }

  /// The field of that name; nil when it is absent.
  package func optional(_ name: String) -> ValueReader? {
    known.append(name)
    guard let value = object[name], value != .null else { return nil }
    return ValueReader(value: value, path: .field(path, name), notes: notes)
  }

  /// The field of that name; when it is absent, that is noted.
  ///
  /// - Parameter accepted: what the field takes, for the error.
  package func required(_ name: String, _ accepted: String) -> ValueReader? {
    if let reader = optional(name) { return reader }
    notes.errors.append(
      FieldError(
        path: FieldPath.field(path, name).description, problem: "is required: \(accepted)", accepted: accepted))
    return nil
  }

  /// Notes that the object as a whole is refused.
  package func refuse(_ problem: String, accepted: String = "") {
    notes.errors.append(FieldError(path: path.description, problem: problem, accepted: accepted))
  }

  /// Exactly one of these fields must be there, and not as null; which one is returned.
  package func exactlyOne(of names: [String]) -> (name: String, reader: ValueReader)? {
    known += names
    let found = names.compactMap { name in
      object[name].map { (name: name, reader: ValueReader(value: $0, path: .field(path, name), notes: notes)) }
    }
    if found.count == 1 { return found[0] }
    let accepted = "exactly one of \(names.joined(separator: ", "))"
    refuse(
      "must have \(accepted), found \(found.isEmpty ? "none" : found.map(\.name).joined(separator: " and "))",
      accepted: accepted)
    return nil
  }

  func refuseUnknownFields() {
    for member in object.members where !known.contains(member.name) {
      let hint =
        nearest(to: member.name, among: known).map { ", did you mean \(quoted($0))?" }
        ?? "; known are \(known.joined(separator: ", "))"
      notes.errors.append(
        FieldError(
          path: FieldPath.field(path, member.name).description, problem: "unknown field\(hint)", accepted: oneOf(known))
      )
    }
  }
}

extension ObjectReader {
  package func string(
    _ name: String, bytes: ClosedRange<Int>, multiline: Bool = false, check: (String) -> String? = { _ in nil }
  ) -> String {
    required(name, "text of \(bytes.lowerBound) to \(bytes.upperBound) bytes")?
      .string(bytes: bytes, multiline: multiline, check: check) ?? ""
  }

  package func integer<I: FixedWidthInteger>(_ name: String, in range: ClosedRange<I>) -> I {
    required(name, "an integer in \(range.lowerBound)...\(range.upperBound)")?.integer(in: range) ?? range.lowerBound
  }

  package func double(_ name: String, in range: ClosedRange<Double>) -> Double {
    required(name, "a number in \(range.lowerBound)...\(range.upperBound)")?.double(in: range) ?? range.lowerBound
  }

  package func bool(_ name: String) -> Bool {
    required(name, "true or false")?.bool() ?? false
  }

  package func list<T>(_ name: String, count: ClosedRange<Int>, _ element: (ValueReader) -> T?) -> [T] {
    required(name, "a list of \(count.lowerBound) to \(count.upperBound) elements")?.list(count: count, element) ?? []
  }

  package func object<T>(_ name: String, _ body: (ObjectReader) -> T?) -> T? {
    required(name, "an object")?.object(body)
  }
}

extension JSONValue {
  /// Reads a whole document, which must be an object, and throws all that is wrong with it.
  ///
  /// - Parameter path: what the paths of errors begin with: `spec`; empty for none.
  package func read<T>(at path: String = "", _ body: (ObjectReader) -> T?) throws(FieldErrors) -> T {
    let notes = ValueReader.FieldNotes()
    let result = ValueReader(value: self, path: .root(path), notes: notes).object(body)
    guard notes.errors.isEmpty, let result else {
      throw notes.errors.isEmpty ? FieldErrors([FieldError(path: path, problem: "is not valid")]) : notes.errors
    }
    return result
  }
}
