import HTTPTypes
import SwitchyardCore
import SwitchyardModel

/// Starting jobs: one, many in an array, or as many as come on a stream.
struct SubmissionRoutes {
  let api: APIContext

  private static let wait = Parameter.span(
    "wait", in: Query.waits, "Answer with the instance when it is over, or when so long has passed."
  ).optional

  private static let key = Parameter.text(
    "Idempotency-Key", bytes: 1...130, "The same as `key` in the body; in double quotes or without."
  ).optional.inHeader

  private static let most = 10_000
  /// Of a line of a stream: the parameters, escaped, and the rest.
  private static let lineBytes = 512 << 10
  private static let ndjson = "application/x-ndjson"

  private static let outcome = Schema.any(of: [
    Receipt.resource.schema, Schema.object([.required("problem", APIError.resource.schema)]),
  ])

  /// From a submission to what may be done with the instance.
  static let links = ["getInstance", "waitForInstance", "stopInstance", "readLog", "rerunInstance"].map {
    Answer.Link(operation: $0, parameters: ["instance": "$response.body#/id"])
  }

  var routes: [Route] {
    Route.group(
      "instances",
      [
        Route(
          .post, "/api/v1/apps/{app}/jobs/{name}/run", .operate, "runJob", "Start a job",
          about: """
            With a key (of the job) the same request again gives the same instance, also after a restart and for as long as \
            the instance is kept; with other parameters or another time it is a conflict.
            """,
          takes: [Self.wait, Self.key], body: .optionalJSON(Order.schema),
          answers: .accepted(Receipt.resource.schema, "It is stored and will run.").leading(to: Self.links),
          .ok(
            .any(of: [Receipt.resource.schema, InstanceView.resource.schema]),
            "It was there already; or, with `wait`, how it is."),
          problems: [.conflict], handle: run),
        Route(
          .post, "/api/v1/apps/{app}/instances", .operate, "submitInstances", "Start many jobs of an app",
          about: """
            An array of at most \(Self.most) is answered when all of it is durable, each item for itself. A stream of lines \
            (\(Self.ndjson)), however long, is answered by lines in the same order as they become durable; it is read as fast \
            as its answers are, and waits where an array would be refused with 429. A line that is wrong is answered with \
            its problem, and the next is read. A stream that breaks off has lost answers and no instances: send what \
            was not answered again, under the same keys.
            """,
          body: RequestBody(
            schema: .list(of: Order.itemSchema, 0...Self.most), types: ["application/json"], streamed: [Self.ndjson]),
          answers: .ok(.object([.required("instances", .list(of: Self.outcome))]), "What became of each, in order."),
          handle: submit),
      ])
  }

  @Sendable private func run(_ request: APIRequest) async throws -> APIResponse {
    let wait = try request[Self.wait]
    var order = try Order(try request.json(), job: try request[Path.job])
    if let header = try request[Self.key] {
      let key = try Self.unquoted(header)
      guard order.key == nil || order.key == key else {
        throw APIError(
          unprocessable: FieldError(
            path: "key", mustBe: quoted(key) + " as in Idempotency-Key", found: quoted(order.key ?? "")))
      }
      order.key = key
    }
    let submitter = Submitter(api: api, app: try request[Path.app], token: request.caller.hash)
    guard let receipt = try await submitter.submit([.success(order)]).first?.get() else {
      throw APIError(status: .internalServerError, detail: "the order was not answered")
    }
    if let wait { return try await InstanceRoutes(api: api).ended(receipt.instance, within: wait) }
    return .json(Receipt.resource.json(receipt), receipt.isDuplicate ? .ok : .accepted)
  }

  /// A string of RFC 8941, as the draft of the header wants it, or the key as it is.
  private static func unquoted(_ text: String) throws(FieldError) -> String {
    guard text.hasPrefix("\"") else { return text }
    let inner = text.dropFirst().dropLast()
    guard text.utf8.count > 2, text.hasSuffix("\""), !inner.contains("\""), !inner.contains("\\") else {
      throw FieldError(path: "Idempotency-Key", mustBe: "a key, in double quotes or without", found: quoted(text))
    }
    return String(inner)
  }

  @Sendable private func submit(_ request: APIRequest) async throws -> APIResponse {
    let submitter = Submitter(api: api, app: try request[Path.app], token: request.caller.hash)
    if let body = request.stream {
      // A line that is not complete, and its value.
      let seat = try api.admission.bodies.take(2 * Self.lineBytes)
      return .stream(contentType: Self.ndjson) { write in
        defer { withExtendedLifetime(seat) {} }
        try await answer(body, with: submitter, write)
      }
    }
    guard case .array(let items) = try request.json() else {
      throw FieldError(mustBe: "an array of at most \(Self.most) submissions", found: "something else")
    }
    guard items.count <= Self.most else {
      throw FieldError(
        mustBe: "an array of at most \(Self.most) submissions; send more as \(Self.ndjson)", found: "\(items.count)")
    }
    let orders = items.map(Self.order)
    var outcomes: [Submitter.Outcome] = []
    outcomes.reserveCapacity(orders.count)
    while outcomes.count < orders.count {
      let piece = Array(orders[outcomes.count...].prefix(Submitter.pieceLimit))
      // Refused at the door, or carried through.
      outcomes += outcomes.isEmpty ? try await submitter.submit(piece) : try await submitter.carry(piece)
    }
    return .json(["instances": .array(outcomes.map(Self.json))])
  }

  private func answer(
    _ body: BodyStream, with submitter: Submitter, _ write: @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    var splitter = LineSplitter(limit: Self.lineBytes)
    var lines: [LineSplitter.Line] = []
    var isOpen = true
    while isOpen {
      if let bytes = try await body.next() {
        splitter.feed(bytes, into: &lines)
      } else {
        splitter.finish(into: &lines)
        isOpen = false
      }
      var done = 0
      while done < lines.count {
        let piece = lines[done...].prefix(Submitter.pieceLimit).map(Self.order)
        done += piece.count
        var output: [UInt8] = []
        output.reserveCapacity(64 * piece.count)
        for outcome in try await submitter.carry(piece) {
          Self.json(outcome).write(into: &output)
          output.append(0x0A)
        }
        try await write(output)
      }
      lines.removeAll(keepingCapacity: true)
    }
  }

  private static func order(_ line: LineSplitter.Line) -> Result<Order, APIError> {
    switch line {
    case .tooLong:
      return .failure(APIError(status: .contentTooLarge, detail: "a line may have at most \(lineBytes) bytes"))
    case .bytes(let bytes):
      do throws(FieldError) {
        return order(try JSONValue(parsing: bytes))
      } catch {
        return .failure(APIError(error))
      }
    }
  }

  private static func order(_ item: JSONValue) -> Result<Order, APIError> {
    do throws(FieldErrors) {
      return .success(try Order(item))
    } catch {
      return .failure(APIError(error))
    }
  }

  private static func json(_ outcome: Submitter.Outcome) -> JSONValue {
    switch outcome {
    case .success(let receipt): Receipt.resource.json(receipt)
    case .failure(let problem): ["problem": APIError.resource.json(problem)]
    }
  }
}
