import HTTPTypes
import Hummingbird
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// What goes wrong with a request, as problem details (RFC 9457).
struct APIError: Error {
  var status: HTTPResponse.Status
  /// What happened and what to do, in a sentence.
  var detail: String
  /// What is wrong with which field.
  var errors: [FieldError] = []

  static func notFound(_ detail: String) -> APIError { APIError(status: .notFound, detail: detail) }
  static func conflict(_ detail: String) -> APIError { APIError(status: .conflict, detail: detail) }

  init(status: HTTPResponse.Status, detail: String, errors: [FieldError] = []) {
    self.status = status
    self.detail = detail
    self.errors = errors
  }

  /// Whatever was thrown while a request was handled. Errors that nobody foresaw show nothing of the inside.
  init(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as FieldErrors:
      self.init(status: .badRequest, detail: error.description, errors: error.errors)
    case let error as FieldError:
      self.init(status: .badRequest, detail: error.description, errors: [error])
    case let error as StoreError:
      self.init(status: .serviceUnavailable, detail: "the store does not answer: \(error.message)")
    case let error as HTTPError:
      self.init(status: error.status, detail: error.body ?? error.status.reasonPhrase)
    default: self.init(status: .internalServerError, detail: "the server failed at this; its log says why")
    }
  }

  init(_ refusal: RequestRefusal, _ detail: String) {
    switch refusal {
    case .conflict: self.init(status: .conflict, detail: detail)
    case .overloaded: self.init(status: .tooManyRequests, detail: detail)
    case .unavailable: self.init(status: .serviceUnavailable, detail: detail)
    }
  }

  var json: JSONValue {
    var object: JSONObject = JSONObject()
    object["type"] = "about:blank"
    object["title"] = .string(status.reasonPhrase)
    object["status"] = .integer(Int64(status.code))
    object["detail"] = .string(detail)
    if !errors.isEmpty {
      object["errors"] = .array(
        errors.map { ["field": .string($0.path), "problem": .string($0.problem), "accepted": .string($0.accepted)] })
    }
    return .object(object)
  }
}
