import HTTPTypes
import SwitchyardModel

/// One endpoint: what it is called, who may, what it takes and answers, and what it does. There is none without a
/// permission. The API's document is made of these same values, and nothing is read that they do not declare.
struct Route: Sendable {
  typealias Handler = @Sendable (APIRequest) async throws -> APIResponse

  let method: HTTPRequest.Method
  /// `/api/v1/instances/{instance}`; see ``Path``.
  let path: String
  let permission: Permission
  /// `listInstances`: what programs made from the document call it.
  let id: String
  /// What it does, in a line.
  let summary: String
  /// More, where there is more to know.
  let about: String
  /// In path, query and header.
  let parameters: [ParameterDeclaration]
  let body: RequestBody?
  let answers: [Answer]
  /// How it fails, besides the ways in which every request does.
  let problems: [HTTPResponse.Status]
  /// What it is about, as the document groups it.
  private(set) var tag = ""
  let handle: Handler

  /// - Parameters:
  ///   - takes: what it takes in query and header, as `[Query.limit]`.
  ///   - problems: statuses besides those of every request (see ``OpenAPI``).
  init(
    _ method: HTTPRequest.Method, _ path: String, _ permission: Permission, _ id: String, _ summary: String,
    about: String = "", takes: [any Declared] = [], body: RequestBody? = nil, answers: Answer...,
    problems: [HTTPResponse.Status] = [], handle: @escaping Handler
  ) {
    self.method = method
    self.path = path
    self.permission = permission
    self.id = id
    self.summary = summary
    self.about = about
    parameters = Path.declarations(in: path) + takes.map(\.declaration)
    self.body = body
    self.answers = answers
    self.problems = problems
    self.handle = handle
  }

  /// Routes about one thing.
  static func group(_ tag: String, _ routes: [Route]) -> [Route] {
    routes.map { route in
      var route = route
      route.tag = tag
      return route
    }
  }
}

/// What a route takes as its body.
struct RequestBody: Sendable {
  var schema: Schema
  var types = ["application/json"]
  /// Types whose content is not collected but read by the handler as it comes; see ``APIRequest/stream``.
  var streamed: [String] = []
  /// An optional one may be left out.
  var isRequired = true
  /// Bytes of it at most.
  var limit = HTTPServer.bodyBytes

  static func json(_ schema: Schema) -> RequestBody { RequestBody(schema: schema) }
  static func optionalJSON(_ schema: Schema) -> RequestBody { RequestBody(schema: schema, isRequired: false) }
}

/// One way in which a route succeeds.
struct Answer: Sendable {
  var status: HTTPResponse.Status
  var about: String
  /// Nil: no content.
  var schema: Schema?
  var type = "application/json"
  var headers: [(name: String, schema: Schema, about: String)] = []

  /// Operations that go on from here.
  var links: [Link] = []

  struct Link: Sendable {
    /// The ``Route/id`` of the other operation.
    var operation: String
    /// Its parameters, as expressions of OpenAPI: `$response.body#/id`.
    var parameters: KeyValuePairs<String, String>
  }

  static func ok(_ schema: Schema, _ about: String = "So it is.") -> Answer {
    Answer(status: .ok, about: about, schema: schema)
  }

  static func created(_ schema: Schema, _ about: String) -> Answer {
    Answer(status: .created, about: about, schema: schema)
  }

  static func accepted(_ schema: Schema, _ about: String) -> Answer {
    Answer(status: .accepted, about: about, schema: schema)
  }

  /// Bytes of another type than JSON.
  static func bytes(_ type: String, _ about: String) -> Answer {
    Answer(status: .ok, about: about, schema: .output, type: type)
  }

  /// Says where what was made is.
  var withLocation: Answer {
    with(header: "Location", .format("uri-reference"), "Where it is: the path for GET.")
  }

  func leading(to links: [Link]) -> Answer {
    var answer = self
    answer.links = links
    return answer
  }

  func with(header name: String, _ schema: Schema, _ about: String) -> Answer {
    var answer = self
    answer.headers.append((name, schema, about))
    return answer
  }
}
