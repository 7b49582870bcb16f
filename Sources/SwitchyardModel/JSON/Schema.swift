/// What a JSON value looks like, as JSON Schema (2020-12, which is that of OpenAPI 3.1) says it.
///
/// Written beside what reads or writes the value, from the same constants.
package struct Schema: Hashable, Sendable {
  /// The schema itself; named ones stand in it as references.
  package private(set) var json: JSONObject
  /// The named schemas that the references lead to.
  package private(set) var named: [String: Schema]

  package init(_ json: JSONValue, uses named: [String: Schema] = [:]) {
    self.json = json.objectValue ?? JSONObject()
    self.named = named
  }

  /// A schema that is written once, under `components`, and referred to from everywhere.
  package func named(_ name: String) -> Schema {
    Schema(["$ref": .string("#/components/schemas/\(name)")], uses: named.merging([name: self]) { _, new in new })
  }

  /// With a sentence for people.
  package func about(_ text: String) -> Schema { with("description", .string(text)) }

  package func with(_ keyword: String, _ value: JSONValue) -> Schema {
    var schema = self
    schema.json[keyword] = value
    return schema
  }

  package func example(_ value: JSONValue) -> Schema { with("examples", [value]) }

  /// Or null.
  package var orNull: Schema {
    if json.isEmpty { return self }
    if case .string(let type) = json["type"], json["enum"] == nil { return with("type", [.string(type), "null"]) }
    return .any(of: [self, Schema(["type": "null"])])
  }
}

extension Schema {
  /// Any JSON at all.
  package static let anything = Schema([:])
  package static let bool = Schema(["type": "boolean"])

  /// Text on one line; JSON Schema counts characters where the readers count bytes.
  ///
  /// - Parameter pattern: in place of "no control characters".
  package static func text(_ count: ClosedRange<Int>, pattern: String = #"^[^\u0000-\u001F\u007F]*$"#) -> Schema {
    Schema([
      "type": "string", "minLength": .integer(Int64(count.lowerBound)), "maxLength": .integer(Int64(count.upperBound)),
      "pattern": .string(pattern),
    ])
  }

  /// Text of any kind that is written and never read.
  package static let output = Schema(["type": "string"])

  package static func integer<I: FixedWidthInteger>(_ range: ClosedRange<I>) -> Schema {
    Schema([
      "type": "integer", "minimum": .integer(Int64(clamping: range.lowerBound)),
      "maximum": .integer(Int64(clamping: range.upperBound)),
    ])
  }

  /// How many of something there are.
  package static let count = Schema(["type": "integer", "minimum": 0])

  package static func number(_ range: ClosedRange<Double>) -> Schema {
    Schema(["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)])
  }

  package static func choice(_ words: [String]) -> Schema {
    Schema(["type": "string", "enum": .array(words.map(JSONValue.string))])
  }

  package static func list(of element: Schema, _ count: ClosedRange<Int>? = nil) -> Schema {
    var schema = Schema(["type": "array", "items": .object(element.json)], uses: element.named)
    if let count {
      schema = schema.with("maxItems", .integer(Int64(count.upperBound)))
      if count.lowerBound > 0 { schema = schema.with("minItems", .integer(Int64(count.lowerBound))) }
    }
    return schema
  }

  /// An object whose names are data.
  package static func map(of element: Schema, names: Schema? = nil, _ count: ClosedRange<Int>? = nil) -> Schema {
    var schema = Schema(["type": "object", "additionalProperties": .object(element.json)], uses: element.named)
    if let names { schema = schema.with("propertyNames", .object(names.json)) }
    if let count { schema = schema.with("maxProperties", .integer(Int64(count.upperBound))) }
    return schema
  }

  package static func any(of schemas: [Schema]) -> Schema { combined("anyOf", schemas) }
  package static func one(of schemas: [Schema]) -> Schema { combined("oneOf", schemas) }

  private static func combined(_ keyword: String, _ schemas: [Schema]) -> Schema {
    Schema(
      .object(JSONObject(unique: [.init(keyword, .array(schemas.map { .object($0.json) }))])),
      uses: schemas.reduce(into: [:]) { $0.merge($1.named) { _, new in new } })
  }

  /// An object with these fields and no others.
  package static func object(_ fields: [Field]) -> Schema {
    var json: JSONObject = JSONObject()
    json["type"] = "object"
    json["properties"] = .object(JSONObject(unique: fields.map { .init($0.name, .object($0.schema.json)) }))
    let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
    if !required.isEmpty { json["required"] = .array(required) }
    json["additionalProperties"] = false
    return Schema(.object(json), uses: fields.reduce(into: [:]) { $0.merge($1.schema.named) { _, new in new } })
  }

  /// The same object with more fields.
  package func adding(_ fields: [Field]) -> Schema {
    var schema = self
    var properties = json["properties"]?.objectValue ?? JSONObject()
    for field in fields {
      properties[field.name] = .object(field.schema.json)
      schema.named.merge(field.schema.named) { first, _ in first }
    }
    schema.json["properties"] = .object(properties)
    return schema
  }

  package struct Field: Hashable, Sendable {
    package var name: String
    package var schema: Schema
    package var isRequired: Bool

    package static func required(_ name: String, _ schema: Schema, _ about: String = "") -> Field {
      Field(name: name, schema: about.isEmpty ? schema : schema.about(about), isRequired: true)
    }

    /// One that may be left out, or null, which means the same.
    package static func optional(_ name: String, _ schema: Schema, _ about: String = "") -> Field {
      Field(name: name, schema: about.isEmpty ? schema.orNull : schema.orNull.about(about), isRequired: false)
    }

    /// One that is left out in an answer where there is nothing to say.
    package static func maybe(_ name: String, _ schema: Schema, _ about: String) -> Field {
      Field(name: name, schema: schema.about(about), isRequired: false)
    }
  }
}

// MARK: The texts of this model

extension Schema {
  /// Text that a parser reads. A pattern would say it by halves; `format` names it, and the description tells more.
  package static func format(_ name: String) -> Schema { Schema(["type": "string", "format": .string(name)]) }

  package static let time = format("date-time").example("2026-03-29T01:30:00.000Z")

  /// See ``Span/init(parsing:)``.
  package static func span(_ range: ClosedRange<Span>? = nil) -> Schema {
    var schema = Schema.format("span").example("30s")
    if let range {
      schema = schema.with("x-minimum", .string("\(range.lowerBound)")).with(
        "x-maximum", .string("\(range.upperBound)"))
    }
    return schema
  }

  /// See ``Identifier``.
  package static let identity = Schema([
    "type": "string", "minLength": 13, "maxLength": 13,
    "pattern": "^[0-9A-Fa-f][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{12}$",
  ]).example("01JD3Q8ZK2M4T")
}
