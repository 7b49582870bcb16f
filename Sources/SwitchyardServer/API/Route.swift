import HTTPTypes
import Hummingbird
import SwitchyardModel

/// One endpoint: what it is called, who may, and what it does. There is none without a permission.
struct Route: Sendable {
  let method: HTTPRequest.Method
  /// `/api/v1/instances/:id`
  let path: String
  let permission: Permission
  let handle: @Sendable (APIRequest) async throws -> APIResponse

  static func get(
    _ path: String, _ permission: Permission, _ handle: @escaping @Sendable (APIRequest) async throws -> APIResponse
  ) -> Route { Route(method: .get, path: path, permission: permission, handle: handle) }

  static func post(
    _ path: String, _ permission: Permission, _ handle: @escaping @Sendable (APIRequest) async throws -> APIResponse
  ) -> Route { Route(method: .post, path: path, permission: permission, handle: handle) }

  static func put(
    _ path: String, _ permission: Permission, _ handle: @escaping @Sendable (APIRequest) async throws -> APIResponse
  ) -> Route { Route(method: .put, path: path, permission: permission, handle: handle) }

  static func delete(
    _ path: String, _ permission: Permission, _ handle: @escaping @Sendable (APIRequest) async throws -> APIResponse
  ) -> Route { Route(method: .delete, path: path, permission: permission, handle: handle) }
}

enum APIResponse: Sendable {
  case json(JSONValue, HTTPResponse.Status = .ok)
  /// Bytes as they come.
  case stream(contentType: String, @Sendable (@Sendable ([UInt8]) async throws -> Void) async throws -> Void)
}
