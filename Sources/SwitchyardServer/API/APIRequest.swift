import HTTPTypes
import SwitchyardModel

/// A request for a route, read strictly: what the route does not declare is refused as a misspelt field is.
final class APIRequest: Sendable {
  private let route: Route
  private let path: [String: String]
  private let query: [String: String]
  private let headers: HTTPFields
  /// Who makes it, and from where.
  let caller: Caller
  private let origin: Origin
  /// The bytes of the body; empty when there is none.
  let body: [UInt8]
  /// The body as it comes, where it is of a type that the route takes so.
  let stream: BodyStream?

  /// Where a request came from, and what it asked for.
  struct Origin: Sendable {
    var address: String
    var path: String
  }

  /// - Throws: ``FieldErrors`` with all that is wrong with path, query and header.
  init(
    _ route: Route, path: [String: String], query: [(name: String, value: String)], headers: HTTPFields, body: [UInt8],
    stream: BodyStream? = nil, caller: Caller, origin: Origin
  ) throws(FieldErrors) {
    self.route = route
    self.path = path
    self.query = Dictionary(query.map { ($0.name, $0.value) }) { first, _ in first }
    self.headers = headers
    self.body = body
    self.stream = stream
    self.caller = caller
    self.origin = origin
    var errors = Self.unexpected(query, for: route)
    for declaration in route.parameters {
      do throws(FieldError) {
        if let text = text(of: declaration) {
          try declaration.check(text)
        } else if declaration.isRequired {
          throw Self.missing(declaration)
        }
      } catch {
        errors.append(FieldError(path: declaration.name, problem: error.problem, accepted: error.accepted))
      }
    }
    if !errors.isEmpty { throw errors }
  }

  /// The value of a parameter that the route declares.
  subscript<Value>(parameter: Parameter<Value>) -> Value {
    get throws(FieldError) {
      let declaration = parameter.declaration
      assert(
        route.parameters.contains { $0.name == declaration.name && $0.place == declaration.place },
        "\(route.id) reads \(declaration.name), which it does not declare")
      if let text = text(of: declaration) { return try parameter.read(text) }
      guard let absent = parameter.absent else { throw Self.missing(declaration) }
      return absent
    }
  }

  /// The body as JSON; an empty one is an empty object.
  func json() throws -> JSONValue {
    body.isEmpty ? [:] : try JSONValue(parsing: body, limits: JSONLimits(bytes: body.count))
  }

  /// What is remembered of it if it changes something.
  func audit(at now: Timestamp) -> AuditEntry {
    AuditEntry(
      at: now, token: caller.token, actor: caller.name, address: origin.address, method: route.method.rawValue,
      path: String(origin.path.prefix(1024)), app: path[Path.app.declaration.name])
  }

  private func text(of declaration: ParameterDeclaration) -> String? {
    switch declaration.place {
    case .path: path[declaration.name]
    case .query: query[declaration.name]
    case .header: HTTPField.Name(declaration.name).flatMap { headers[$0] }
    }
  }

  private static func missing(_ declaration: ParameterDeclaration) -> FieldError {
    FieldError(path: declaration.name, problem: "is required in the \(declaration.place.rawValue)")
  }

  private static func unexpected(_ query: [(name: String, value: String)], for route: Route) -> FieldErrors {
    let known = route.parameters.filter { $0.place == .query }.map(\.name)
    var seen: Set<String> = []
    var errors = FieldErrors()
    for name in query.map(\.name) {
      if !seen.insert(name).inserted {
        errors.append(FieldError(path: name, problem: "is given twice; give it once"))
      } else if !known.contains(name) {
        let hint =
          known.isEmpty
          ? "; there are none here"
          : nearest(to: name, among: known).map { ", did you mean \(quoted($0))?" }
            ?? "; known are \(known.joined(separator: ", "))"
        errors.append(
          FieldError(
            path: FieldPath.field(.root(""), name).description, problem: "unknown parameter of the query\(hint)",
            accepted: known.isEmpty ? "" : oneOf(known)))
      }
    }
    return errors
  }
}
