import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// What goes wrong with a request, as problem details (RFC 9457).
struct APIError: Error {
  var status: HTTPResponse.Status
  /// What happened and what to do, in a sentence.
  var detail: String
  /// What is wrong with which field.
  var errors: [FieldError]
  /// For a 405: what may be asked of the path instead.
  var allow: [HTTPRequest.Method] = []
  /// When it is worth trying again; told in whole seconds, rounded up, as the header `Retry-After`.
  var retryAfter: Span?

  static func notFound(_ detail: String) -> APIError { APIError(status: .notFound, detail: detail) }
  static func conflict(_ detail: String) -> APIError { APIError(status: .conflict, detail: detail) }

  init(status: HTTPResponse.Status, detail: String, errors: [FieldError] = [], retryAfter: Span? = nil) {
    self.status = status
    self.detail = detail
    self.errors = errors
    self.retryAfter = retryAfter
  }

  /// Well-formed, but not with what there is or what else is said: another name in the path, no such plugin.
  init(unprocessable error: FieldError) {
    self.init(status: .unprocessableContent, detail: error.description, errors: [error])
  }

  /// Whatever was thrown while a request was handled. Errors that nobody foresaw show nothing of the inside.
  init(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as FieldErrors:
      self.init(status: .badRequest, detail: error.description, errors: error.errors)
    case let error as FieldError where error.isWellFormed: self.init(unprocessable: error)
    case let error as FieldError:
      self.init(status: .badRequest, detail: error.description, errors: [error])
    case let error as StoreError:
      self.init(
        status: .serviceUnavailable, detail: "the store does not answer: \(error.message)", retryAfter: .seconds(5))
    default: self.init(status: .internalServerError, detail: "the server failed at this; its log says why")
    }
  }

  init(_ refusal: RequestRefusal, _ detail: String) {
    switch refusal {
    case .conflict: self.init(status: .conflict, detail: detail)
    case .overloaded(let wait): self.init(status: .tooManyRequests, detail: detail, retryAfter: wait)
    case .unavailable: self.init(status: .serviceUnavailable, detail: detail, retryAfter: .seconds(1))
    }
  }

  /// `urn:switchyard:problem:not-found`: what programs tell problems apart by.
  private var type: String {
    let name =
      errors.isEmpty
      ? status.reasonPhrase.lowercased().replacing(" ", with: "-").filter { $0 == "-" || $0.isLetter } : "field-error"
    return "urn:switchyard:problem:\(name)"
  }

  static let resource = Resource<APIError>(
    "Problem", "What went wrong, and what to do (RFC 9457).",
    [
      .init(
        "type", .output,
        """
        `urn:switchyard:problem:` and the status in words, as `not-found`; `field-error` when single fields of the \
        request were refused.
        """
      ) { .string($0.type) },
      .init("title", .output, "The status in words.") { .string($0.status.reasonPhrase) },
      .init("status", .integer(400...599), "The status in digits.") { .integer(Int64($0.status.code)) },
      .init("detail", .output, "What happened and what to do.") { .string($0.detail) },
      .maybe("errors", .list(of: errorSchema), "What is wrong with which field of the request.") {
        $0.errors.isEmpty ? nil : .array($0.errors.map(\.json))
      },
    ])

  private static let errorSchema = Schema.object([
    .required("field", .output, "Where: a parameter, or a path in the body such as `tags[2]`."),
    .required("problem", .output, "What is wrong with it."),
    .required("accepted", .output, "What would have been taken; empty where the problem says all."),
  ])
}

extension FieldError {
  fileprivate var json: JSONValue {
    ["field": .string(path), "problem": .string(problem), "accepted": .string(accepted)]
  }
}
