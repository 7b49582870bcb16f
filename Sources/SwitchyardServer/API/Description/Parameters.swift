import SwitchyardModel

/// The segments of paths that are data: `{app}` in a route's path is ``app``.
enum Path {
  static let app = Parameter.text("app", .appName, "The app.", check: NameRule.app).inPath
  static let job = Parameter.text("job", .jobName, "The job's name.", check: NameRule.identifier).inPath
  static let instance = Parameter<InstanceID>.identity("instance", "The instance.").inPath
  static let plugin = Parameter.text("plugin", .jobName, "The plugin's id.", check: NameRule.identifier).inPath

  private static let all = [app.declaration, job.declaration, instance.declaration, plugin.declaration]

  /// What the `{names}` in a path stand for.
  static func declarations(in path: String) -> [ParameterDeclaration] {
    path.split(separator: "/").compactMap { segment in
      guard let name = RouteTable.parameter(segment) else { return nil }
      guard let declaration = all.first(where: { $0.name == name }) else {
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

  /// - Parameter read: what the text that an answer gave as `next` means.
  static func cursor<Cursor>(
    _ read: @escaping @Sendable (String) throws(FieldError) -> Cursor
  ) -> Parameter<Cursor?> {
    Parameter("cursor", .text(1...256), "Where to go on: what the answer before gave as `next`.", read).optional
  }
}
