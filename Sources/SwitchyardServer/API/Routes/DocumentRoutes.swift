import HTTPTypes
import SwitchyardModel

/// The API's description of itself.
struct DocumentRoutes {
  /// All routes, these included.
  static func adding(to routes: [Route]) -> RouteTable {
    // The document tells of its own route too, and is made once: it cannot change while the server runs.
    let described = RouteTable(routes + [route { [:] }])
    let document = OpenAPI(table: described).json
    return RouteTable(routes + [route { document }])
  }

  private static func route(_ document: @escaping @Sendable () -> JSONValue) -> Route {
    Route(
      .get, "/api/v1/openapi.json", .anyone, "getDocument", "This document", about: "OpenAPI 3.1.",
      answers: .ok(Schema(["type": "object"]), "The document.")
    ) { _ in .json(document()) }
  }
}
