import SwitchyardModel

/// The segments of paths that are data: `{app}` in a route's path is ``app``.
enum Path {
  static let app = Parameter.text("app", .appName, "The app.", check: NameRule.app).inPath
  static let job = Parameter.text("name", .jobName, "The job's name.", check: NameRule.identifier).inPath
  static let instance = Parameter<InstanceID>.identity("instance", "The instance.").inPath
  static let plugin = Parameter.text("plugin", .jobName, "The plugin's id.", check: NameRule.identifier).inPath
  static let token = Parameter<TokenID>.identity("token", "The token.").inPath
  static let worker = Parameter.text("worker", bytes: 1...128, "The worker's name.").inPath
  static let version = Parameter<UInt32>.integer("version", in: 1...UInt32.max, "The number of the version.").inPath
  static let revision = Parameter<UInt64>.integer(
    "revision", in: 1...UInt64(Int64.max), "The number of the revision."
  ).inPath

  private static let all: [any Declared] = [app, job, instance, plugin, worker, version, revision, token]

  /// What the `{names}` in a path stand for.
  static func declarations(in path: String) -> [ParameterDeclaration] {
    path.split(separator: "/").compactMap { segment in
      guard let name = RouteTable.parameter(segment) else { return nil }
      guard let declaration = all.map(\.declaration).first(where: { $0.name == name }) else {
        preconditionFailure("\(path): {\(name)} is not declared in Path")
      }
      return declaration
    }
  }
}

/// Parameters of queries that several routes take.
enum Query {
  static let limit = Parameter<Int>.integer("limit", in: 1...1000, "How many at most.").or(100)
  static let app = Parameter.text("app", .appName, "Only of this app.", check: NameRule.app).optional

  /// How long a request may wait for something to happen.
  static let waits: ClosedRange<Span> = .zero ... .seconds(600)

  /// - Parameters:
  ///   - schema: of the text that an answer gave as `next`. Clients need not look into it.
  ///   - read: what it means; nil where it means nothing.
  static func cursor<Cursor>(
    _ schema: Schema, _ read: @escaping @Sendable (String) -> Cursor?
  ) -> Parameter<Cursor?> {
    Parameter("cursor", schema, "Where to go on: what the answer before gave as `next`.") { text throws(FieldError) in
      guard let cursor = read(text) else {
        throw FieldError(mustBe: "what an answer gave as next", found: quoted(text))
      }
      return cursor
    }.optional
  }

  /// A cursor that is the number of the last row.
  static func cursor<Number: FixedWidthInteger & Sendable>(number range: ClosedRange<Number>) -> Parameter<Number?> {
    cursor(.integer(range)) { text in
      Number(text).flatMap { range.contains($0) && text == String($0) ? $0 : nil }
    }
  }
}
