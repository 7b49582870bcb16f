import HTTPTypes
import SwitchyardModel

/// The document of the API (OpenAPI 3.1), made of the table of routes that serves it.
struct OpenAPI {
  let table: RouteTable

  var json: JSONValue {
    var paths = JSONObject()
    for route in table.routes {
      var path = paths[route.path]?.objectValue ?? JSONObject()
      path[route.method.rawValue.lowercased()] = operation(route)
      paths[route.path] = .object(path)
    }
    let tags = table.routes.map(\.tag).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Switchyard", "version": "1",
        "description": """
        A distributed job scheduler. Parameters and fields that are not known here are refused, not ignored; every \
        error is a Problem whose `detail` says what to do. Numbers of 64 bits that JavaScript cannot keep are texts.
        """,
      ],
      "servers": [["url": "/"]],
      "tags": .array(tags.map { ["name": .string($0)] }),
      "security": [["token": []]],
      "paths": .object(paths),
      "components": [
        "schemas": .object(components),
        "securitySchemes": [
          "token": ["type": "http", "scheme": "bearer", "description": "The server keeps its own in DATA/token."]
        ],
      ],
    ]
  }

  private var components: JSONObject {
    var named = APIError.resource.schema.named
    for route in table.routes {
      let schemas =
        route.parameters.map(\.schema) + [route.body?.schema].compactMap { $0 } + route.answers.compactMap(\.schema)
      for schema in schemas { named.merge(schema.named) { first, _ in first } }
    }
    return JSONObject(unique: named.sorted { $0.key < $1.key }.map { .init($0.key, .object($0.value.json)) })
  }

  private func operation(_ route: Route) -> JSONValue {
    var operation = JSONObject()
    operation["operationId"] = .string(route.id)
    operation["summary"] = .string(route.summary)
    var about = route.about.isEmpty ? [] : [route.about]
    if route.permission == .anyone {
      operation["security"] = []
    } else {
      about.append("Needs a token with the permission `\(route.permission.rawValue)`.")
    }
    if !about.isEmpty { operation["description"] = .string(about.joined(separator: " ")) }
    if !route.tag.isEmpty { operation["tags"] = [.string(route.tag)] }
    if !route.parameters.isEmpty { operation["parameters"] = .array(route.parameters.map(parameter)) }
    if let body = route.body {
      operation["requestBody"] = [
        "required": .bool(body.isRequired),
        "content": .object(
          JSONObject(
            unique: (body.types.map { ($0, body.schema) } + body.streamed.map { ($0, Schema.output) }).map {
              .init($0.0, ["schema": .object($0.1.json)])
            })),
      ]
    }
    var responses = JSONObject()
    for answer in route.answers { responses["\(answer.status.code)"] = response(answer) }
    for status in problems(of: route) {
      responses["\(status.code)"] = [
        "description": .string(status.reasonPhrase),
        "content": content(["application/problem+json"], APIError.resource.schema),
      ]
    }
    operation["responses"] = .object(responses)
    return .object(operation)
  }

  private func parameter(_ parameter: ParameterDeclaration) -> JSONValue {
    [
      "name": .string(parameter.name), "in": .string(parameter.place.rawValue), "description": .string(parameter.about),
      "required": .bool(parameter.isRequired), "schema": .object(parameter.schema.json),
    ]
  }

  private func response(_ answer: Answer) -> JSONValue {
    var response = JSONObject()
    response["description"] = .string(answer.about)
    if !answer.headers.isEmpty {
      response["headers"] = .object(
        JSONObject(
          unique: answer.headers.map { header in
            .init(
              header.name,
              ["description": .string(header.about), "required": true, "schema": .object(header.schema.json)])
          }))
    }
    if let schema = answer.schema { response["content"] = content([answer.type], schema) }
    if !answer.links.isEmpty {
      response["links"] = .object(
        JSONObject(
          unique: answer.links.map { link in
            let parameters = link.parameters.map { JSONObject.Member($0.key, .string($0.value)) }
            return .init(
              link.operation,
              [
                "operationId": .string(link.operation), "parameters": .object(JSONObject(unique: parameters)),
              ])
          }))
    }
    return .object(response)
  }

  private func content(_ types: [String], _ schema: Schema) -> JSONValue {
    .object(JSONObject(unique: types.map { .init($0, ["schema": .object(schema.json)]) }))
  }

  /// How a route fails: what it says itself, and what follows from what it takes.
  private func problems(of route: Route) -> [HTTPResponse.Status] {
    var statuses: Set<HTTPResponse.Status> = [.badRequest]
    statuses.formUnion(route.problems)
    if route.permission != .anyone { statuses.formUnion([.unauthorized, .forbidden, .serviceUnavailable]) }
    if route.parameters.contains(where: { $0.place == .path }) { statuses.insert(.notFound) }
    if route.body != nil { statuses.formUnion([.contentTooLarge, .unsupportedMediaType, .unprocessableContent]) }
    if route.method != .get { statuses.insert(.tooManyRequests) }
    return statuses.sorted { $0.code < $1.code }
  }
}
