import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem

/// One request of one attempt.
struct HTTPExchange: Sendable {
  let client: HTTPClient
  let assignment: Assignment
  let call: HTTPCall

  /// How it ended, before anybody's orders are looked at.
  enum Answer: Sendable {
    case answered(status: UInt16, reason: String, body: String, expected: Bool)
    case timedOut(Span)
    case failed(String)
    case cancelled
  }

  /// Runs until the answer is complete, the timeout has passed or the task is cancelled.
  func run() async -> Answer {
    guard let timeout = assignment.definition.spec.timeout else { return await exchange() }
    return await withTaskGroup(of: Answer.self) { group in
      group.addTask { await exchange() }
      group.addTask {
        do {
          // No sleep of centuries: clocks overflow.
          let time = min(timeout, .seconds(365 * 86_400))
          try await Task.sleep(for: .nanoseconds(time.nanoseconds), tolerance: .zero)
          return .timedOut(timeout)
        } catch {
          return .cancelled
        }
      }
      let first = await group.next() ?? .cancelled
      group.cancelAll()
      return first
    }
  }

  private func exchange() async -> Answer {
    do {
      let response = try await client.execute(request(), deadline: .distantFuture)
      let body = try await text(of: response)
      let status = UInt16(clamping: response.status.code)
      return .answered(
        status: status, reason: response.status.reasonPhrase, body: body,
        expected: call.expect.contains { $0.contains(status) })
    } catch is CancellationError {
      return .cancelled
    } catch {
      return Task.isCancelled ? .cancelled : .failed(Self.describe(error))
    }
  }

  private func request() -> HTTPClientRequest {
    var request = HTTPClientRequest(url: call.url)
    request.method = HTTPMethod(rawValue: call.method)
    request.headers.add(name: "User-Agent", value: "switchyard")
    request.headers.add(name: "Switchyard-Instance", value: assignment.attempt.instance.description)
    request.headers.add(name: "Switchyard-Attempt", value: String(assignment.attempt.attempt))
    for header in call.headers { request.headers.replaceOrAdd(name: header.key, value: header.text) }
    if let body = call.body {
      request.body = .bytes(ByteBuffer(string: body))
    } else if let parameters = assignment.effectiveParameters, !["GET", "HEAD", "DELETE"].contains(call.method) {
      request.body = .bytes(ByteBuffer(string: parameters))
      if !request.headers.contains(name: "Content-Type") {
        request.headers.add(name: "Content-Type", value: "application/json")
      }
    }
    return request
  }

  /// The beginning of the body. The rest is not read: leaving the loop closes the connection.
  private func text(of response: HTTPClientResponse) async throws -> String {
    var bytes: [UInt8] = []
    for try await buffer in response.body {
      bytes += buffer.readableBytesView.prefix(ResultBounds.resultBytes - bytes.count)
      if bytes.count >= ResultBounds.resultBytes { break }
    }
    return ResultBounds.cut(String(decoding: bytes, as: UTF8.self), to: ResultBounds.resultBytes)
  }

  private static func describe(_ error: any Error) -> String {
    switch error {
    case let error as HTTPClientError: "HTTP request failed: \(error.shortDescription)"
    case let error as AddressRefused: "HTTP request refused: \(error)"
    case let error as IOError: "HTTP request failed: \(systemMessage(error.errnoCode))"
    default: "HTTP request failed: \(error)"
    }
  }
}

extension HTTPExchange.Answer {
  /// The attempt's result. An answer that was there before the stop keeps its outcome.
  func result(of assignment: Assignment, asked: KillReason?, startedAt: Timestamp) -> AttemptResult {
    let endedAt = SystemClock.wall()
    func make(_ outcome: AttemptOutcome, _ detail: String?, _ text: String? = nil) -> AttemptResult {
      assignment.result(outcome, startedAt: startedAt, endedAt: endedAt, result: text, detail: detail)
    }
    switch (self, asked) {
    case (.answered(_, _, let body, true), _): return make(.succeeded, nil, body)
    case (.answered(let status, let reason, let body, false), _):
      return make(.failed, "HTTP status \(status) \(reason)", body)
    case (.timedOut(let span), _): return make(.timedOut, "timed out after \(span)")
    case (_, .stopped): return make(.stopped, "stopped")
    case (_, .isolated): return make(.isolated, "cancelled because the worker lost its server")
    case (.failed(let detail), nil): return make(.failed, detail)
    case (.cancelled, nil): return make(.failed, "cancelled")
    }
  }
}
