import HTTPTypes
import SwitchyardModel
import SwitchyardObservability
import Synchronization

/// Counts requests by their route, which there is a bounded number of; never by their path.
final class HTTPMeter: Sendable {
  /// `POST /api/v1/apps/{app}/instances`; both `-` for what is no route.
  struct Name: Hashable, Sendable {
    var method: String
    var path: String
  }

  struct Values: Sendable {
    /// By the status's code.
    var statuses: [Int: UInt64] = [:]
    var seconds = Histogram.latency
  }

  private let state = Mutex<[Name: Values]>([:])

  var values: [(name: Name, values: Values)] {
    state.withLock { $0 }.sorted { ($0.key.path, $0.key.method) < ($1.key.path, $1.key.method) }
      .map { ($0.key, $0.value) }
  }

  /// - Parameters:
  ///   - route: nil when there was none at that path.
  ///   - span: until the answer began.
  func answered(_ route: Route?, _ status: HTTPResponse.Status, after span: Span) {
    let name = route.map { Name(method: $0.method.rawValue, path: $0.path) } ?? Name(method: "-", path: "-")
    state.withLock { routes in
      routes[name, default: Values()].statuses[status.code, default: 0] += 1
      routes[name]?.seconds.record(span.seconds)
    }
  }
}
