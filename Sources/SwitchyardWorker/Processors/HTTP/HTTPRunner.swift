import AsyncHTTPClient
import NIOCore
package import SwitchyardCore
package import SwitchyardModel
import SwitchyardSystem
import Synchronization

/// `http`: one request, and what is answered.
///
/// The answer's body, up to 64 KiB of it, is the result. Redirects are followed five times. A job without a body of its
/// own sends its parameters, unless the method is `GET`, `HEAD` or `DELETE`. `Switchyard-Instance` and
/// `Switchyard-Attempt` are sent along, so that the other side can tell a repetition and fence an older attempt.
///
/// Where it may connect to is for the worker's ``AddressPolicy`` to say, at each redirect anew; redirects lead to `http`
/// and `https` alone.
///
/// Stopping closes the connection: nothing of the attempt runs here any more, but what the other side began, it may
/// finish.
package final class HTTPRunner: AttemptRunner {
  package let type = "http"

  private struct Call {
    var task: Task<Void, Never>?
    var asked: KillReason?
  }

  private let report: AttemptReports
  private let policy: AddressPolicy
  /// Made when it is first needed.
  private let client = Mutex<HTTPClient?>(nil)
  private let calls = Mutex<[AttemptRef: Call]>([:])

  package init(policy: AddressPolicy, report: @escaping AttemptReports) {
    self.policy = policy
    self.report = report
  }

  private static func makeClient(_ policy: AddressPolicy) -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .follow(max: 5, allowCycles: false)
    configuration.timeout.connect = .seconds(10)
    // Whether and when to try again is the retry policy's affair.
    configuration.connectionPool.retryConnectionEstablishment = false
    // Each connection, before a request is written to it.
    let check: @Sendable (any Channel) -> EventLoopFuture<Void> = { channel in
      let address = channel.remoteAddress?.ipAddress ?? ""
      guard let refusal = policy.refusal(of: address) else { return channel.eventLoop.makeSucceededVoidFuture() }
      // The client forgets the connection without closing it; a moment later, when it has.
      channel.eventLoop.execute { channel.close(promise: nil) }
      return channel.eventLoop.makeFailedFuture(AddressRefused(description: refusal))
    }
    configuration.http1_1ConnectionDebugInitializer = check
    configuration.http2ConnectionDebugInitializer = check
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  package func start(_ assignment: Assignment) {
    guard case .http(let call) = assignment.definition.spec.processor else { return }
    let ref = assignment.attempt
    let startedAt = SystemClock.wall()
    let isNew = calls.withLock { $0.updateValue(Call(), forKey: ref) == nil }
    guard isNew else { return }
    report(.started(ref, at: startedAt))
    let client = client.withLock { client in
      let made = client ?? Self.makeClient(policy)
      client = made
      return made
    }
    let task = Task {
      let answer = await HTTPExchange(client: client, assignment: assignment, call: call).run()
      let asked = calls.withLock { $0.removeValue(forKey: ref)?.asked }
      report(.ended(answer.result(of: assignment, asked: asked, startedAt: startedAt)))
    }
    calls.withLock { $0[ref]?.task = task }
  }

  package func stop(_ ref: AttemptRef, _ reason: KillReason) {
    let task = calls.withLock { calls in
      if calls[ref]?.asked != .isolated { calls[ref]?.asked = reason }
      return calls[ref]?.task
    }
    task?.cancel()
  }

  package func shutdown() async {
    let all = calls.withLock { Array($0.keys) }
    for ref in all { stop(ref, .isolated) }
    for task in calls.withLock({ $0.values.compactMap(\.task) }) { await task.value }
    let client = client.withLock { client in
      defer { client = nil }
      return client
    }
    try? await client?.shutdown()
  }
}

/// A connection that the policy does not let be used.
struct AddressRefused: Error, CustomStringConvertible {
  let description: String
}
