import HTTPTypes
import SwitchyardCore
import SwitchyardModel

/// Hands orders of one app to the core, many at a time, and says what became of each.
///
/// **Keys.** An order with a key is stored once for its job, however often it comes: the key is the instance's occurrence,
/// unique in the store for as long as the instance is kept. The same key with other parameters or another time is
/// refused (409): somebody uses it twice by mistake. A key belongs to its job, so that programs that know nothing of each
/// other cannot take each other's.
struct Submitter: Sendable {
  /// Orders of one question to the core.
  static let pieceLimit = 1_000

  typealias Outcome = Result<Receipt, APIError>

  let api: APIContext
  let app: String
  /// Who asks, for the rate of its token.
  let token: String

  /// Takes the orders or refuses them all.
  ///
  /// - Throws: 429 or 503 with `Retry-After`; of orders that are taken each has its own outcome.
  func submit(_ orders: [Result<Order, APIError>]) async throws -> [Outcome] {
    try api.admission.rates.take(orders.count, for: app)
    try api.admission.tokenRates.take(orders.count, for: token)
    return try await hand(orders)
  }

  /// Takes the orders when there is room for them, however long that takes: whoever sends more waits meanwhile.
  ///
  /// - Throws: `CancellationError` alone.
  func carry(_ orders: [Result<Order, APIError>]) async throws -> [Outcome] {
    while let wait = api.admission.rates.wait(orders.count, for: app) { try await rest(wait) }
    while let wait = api.admission.tokenRates.wait(orders.count, for: token) { try await rest(wait) }
    while true {
      do {
        return try await hand(orders)
      } catch let error as APIError where error.status == .tooManyRequests {
        try await rest(error.retryAfter ?? .seconds(1))
      } catch let error as CancellationError {
        throw error
      } catch {
        return orders.map { _ in .failure(APIError(error)) }
      }
    }
  }

  private func rest(_ span: Span) async throws {
    try await Task.sleep(for: .nanoseconds(min(max(span, .milliseconds(5)), .seconds(1)).nanoseconds))
  }

  private func hand(_ orders: [Result<Order, APIError>]) async throws -> [Outcome] {
    var outcomes: [Outcome?] = []
    outcomes.reserveCapacity(orders.count)
    var submissions: [Submission] = []
    submissions.reserveCapacity(orders.count)
    for order in orders {
      let submission: Result<Submission, APIError>
      switch order {
      case .success(let order): submission = try await definition(of: order)
      case .failure(let error): submission = .failure(error)
      }
      switch submission {
      case .success(let submission):
        submissions.append(submission)
        outcomes.append(nil)
      case .failure(let error): outcomes.append(.failure(error))
      }
    }
    if submissions.isEmpty { return outcomes.compactMap { $0 } }
    guard case .batch(let replies) = try await ask(submissions), replies.count == submissions.count else {
      throw APIError(status: .internalServerError, detail: "the server gave an answer to another question")
    }
    var result: [Outcome] = []
    result.reserveCapacity(orders.count)
    var next = replies.makeIterator()
    for (outcome, order) in zip(outcomes, orders) {
      if let outcome {
        result.append(outcome)
      } else if case .success(let order) = order, let reply = next.next() {
        result.append(await receipt(reply, order))
      }
    }
    return result
  }

  private func definition(of order: Order) async throws -> Result<Submission, APIError> {
    guard let definition = try await api.observers.jobs.version(app: app, name: order.job, in: api.store) else {
      return .failure(
        .notFound(
          "the app \(quoted(app)) has no job \(quoted(order.job)); `switchyard job list` shows those there are"))
    }
    return .success(
      Submission(definition: definition, key: order.key, parameters: order.parameters, at: order.at))
  }

  private func ask(_ submissions: [Submission]) async throws -> ServerReply {
    let reply = await api.driver.perform(.submitBatch(submissions))
    if case .refused(let refusal, let text) = reply { throw APIError(refusal, text) }
    return reply
  }

  private func receipt(_ reply: ServerReply, _ order: Order) async -> Outcome {
    switch reply {
    case .submitted(let id, duplicate: false): return .success(Receipt(instance: id, isDuplicate: false))
    case .submitted(let id, duplicate: true):
      do {
        let instance = try await api.instance(id)
        guard order.matches(instance) else {
          return .failure(
            .conflict(
              """
              the key \(quoted(order.key ?? "")) belongs to the instance \(id), which was submitted with other parameters \
              or another time; send the same again, or another key
              """))
        }
        return .success(Receipt(instance: id, isDuplicate: true))
      } catch {
        return .failure(APIError(error))
      }
    case let reply: return .failure(APIError(unexpected: reply))
    }
  }
}
