import SwitchyardModel

/// Makes wrong values of a JSON Schema: of every type that it does not allow, beyond every bound, with unknown and
/// without required fields, at every depth.
struct WrongValues {
  struct Wrong {
    var value: JSONValue
    /// Where it is wrong, as the server names fields; empty: as a whole.
    var field: String
    var why: String
  }

  /// The document that references point into.
  let document: JSONValue

  func wrongs(_ schema: JSONValue, at field: String = "") -> [Wrong] {
    let schema = resolved(schema)
    var wrongs: [Wrong] = []
    func add(_ value: JSONValue, _ why: String) { wrongs.append(Wrong(value: value, field: field, why: why)) }
    let types = allowedTypes(schema)
    if !types.isEmpty {
      let ofType: [(String, JSONValue)] = [
        ("string", "text"), ("integer", 7), ("boolean", true), ("array", [[]]), ("object", ["zz": 1]),
      ]
      for (type, value) in ofType where !types.contains(type) && !(type == "integer" && types.contains("number")) {
        add(value, "a value of type \(type)")
      }
    }
    if let minimum = schema["minimum"]?.doubleValue { add(.number(minimum - 1), "below the minimum") }
    if let maximum = schema["maximum"]?.doubleValue { add(.number(maximum + 1), "above the maximum") }
    if types.contains("integer") { add(1.5, "no integer") }
    if let most = schema["maxLength"]?.integerValue {
      add(.string(String(repeating: "a", count: Int(most) + 1)), "too long")
    }
    if let least = schema["minLength"]?.integerValue, least > 0 { add("", "empty") }
    if schema["pattern"] != nil { add("a\u{1}b", "with a control character") }
    if schema["format"] != nil { add("no such text", "of another format") }
    if schema["enum"] != nil { add("no such word", "none of the words") }
    if let most = schema["maxItems"]?.integerValue {
      add(.array(Array(repeating: sample(schema["items"] ?? [:]), count: Int(most) + 1)), "too many elements")
    }
    if let items = schema["items"] {
      wrongs += self.wrongs(items, at: field + "[0]").map { Wrong(value: [$0.value], field: $0.field, why: $0.why) }
    }
    for variants in ["oneOf", "anyOf"] {
      for variant in schema[variants]?.arrayValue ?? [] where allowedTypes(resolved(variant)) == ["object"] {
        wrongs += fields(of: resolved(variant), at: field)
      }
    }
    return wrongs + fields(of: schema, at: field)
  }

  private func fields(of schema: JSONValue, at field: String) -> [Wrong] {
    guard let properties = schema["properties"]?.objectValue else { return [] }
    let whole = sample(schema).objectValue ?? JSONObject()
    func path(_ name: String) -> String { field.isEmpty ? name : "\(field).\(name)" }
    func with(_ name: String, _ value: JSONValue?) -> JSONValue {
      var object = whole
      object[name] = value
      return .object(object)
    }
    var wrongs = [Wrong(value: with("zz", 1), field: path("zz"), why: "an unknown field")]
    for name in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
      wrongs.append(Wrong(value: with(name, nil), field: path(name), why: "missing"))
    }
    for property in properties.members {
      for wrong in self.wrongs(property.value, at: path(property.name)) {
        wrongs.append(Wrong(value: with(property.name, wrong.value), field: wrong.field, why: wrong.why))
      }
    }
    return wrongs
  }

  /// A right value, with required fields alone.
  func sample(_ schema: JSONValue) -> JSONValue {
    let schema = resolved(schema)
    if let example = schema["examples"]?[0] ?? schema["enum"]?[0] { return example }
    if let first = schema["oneOf"]?[0] ?? schema["anyOf"]?[0] { return sample(first) }
    switch allowedTypes(schema).first {
    case "integer", "number": return schema["minimum"] ?? 1
    case "boolean": return true
    case "array":
      return .array((0..<Int(schema["minItems"]?.integerValue ?? 0)).map { _ in sample(schema["items"] ?? [:]) })
    case "object":
      var object = JSONObject()
      for name in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
        object[name] = sample(schema["properties"]?[name] ?? [:])
      }
      return .object(object)
    default: return "a"
    }
  }

  func resolved(_ schema: JSONValue) -> JSONValue {
    guard let name = schema["$ref"]?.stringValue?.split(separator: "/").last else { return schema }
    return resolved(document["components"]?["schemas"]?[String(name)] ?? [:])
  }

  /// Empty: any.
  private func allowedTypes(_ schema: JSONValue) -> [String] {
    if let type = schema["type"] { return type.arrayValue?.compactMap(\.stringValue) ?? [type.stringValue ?? ""] }
    let variants = (schema["oneOf"] ?? schema["anyOf"])?.arrayValue ?? []
    let types = variants.map { allowedTypes(resolved($0)) }
    return types.contains { $0.isEmpty } ? [] : types.flatMap { $0 }
  }
}
