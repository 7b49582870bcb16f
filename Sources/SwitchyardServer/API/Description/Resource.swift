import SwitchyardModel

/// How a value looks in the API: a list of fields that both writes it and describes it, so that the two cannot differ.
struct Resource<Value>: Sendable {
  struct Field: Sendable {
    let schema: Schema.Field
    let write: @Sendable (Value) -> JSONValue?

    /// One that is always there.
    init(_ name: String, _ schema: Schema, _ about: String, _ write: @escaping @Sendable (Value) -> JSONValue) {
      self.schema = .required(name, schema, about)
      self.write = write
    }

    private init(_ schema: Schema.Field, _ write: @escaping @Sendable (Value) -> JSONValue?) {
      self.schema = schema
      self.write = write
    }

    /// One that is left out where there is nothing to say.
    static func maybe(
      _ name: String, _ schema: Schema, _ about: String, _ write: @escaping @Sendable (Value) -> JSONValue?
    ) -> Field {
      Field(.maybe(name, schema, about), write)
    }
  }

  private let fields: [Field]
  let schema: Schema

  init(_ name: String, _ about: String, _ fields: [Field]) {
    self.fields = fields
    schema = Schema.object(fields.map(\.schema)).about(about).named(name)
  }

  func json(_ value: Value) -> JSONValue {
    .object(
      JSONObject(unique: fields.compactMap { field in field.write(value).map { .init(field.schema.name, $0) } }))
  }

  /// A page of them: `{"jobs": […], "next": …}`.
  func page(_ name: String) -> Schema {
    .object([
      .required(name, .list(of: schema)),
      .required("next", Schema.output.orNull, "For the parameter `cursor`; null when this was the last page."),
    ])
  }

  /// - Parameter cursor: of the last row of a full page.
  func page(_ name: String, _ values: [Value], next cursor: String?) -> JSONValue {
    [name: .array(values.map(json)), "next": .text(cursor)]
  }
}

extension JSONValue {
  static func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
  static func time(_ time: Timestamp?) -> JSONValue { time.map { .string("\($0)") } ?? .null }
  static func count(_ count: some BinaryInteger) -> JSONValue { .integer(Int64(clamping: count)) }
}
