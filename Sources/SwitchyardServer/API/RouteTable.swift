import HTTPTypes
import SwitchyardModel

/// Finds the route of a request. A segment that is written out wins over one that is data.
struct RouteTable: Sendable {
  private final class Node: Sendable {
    let routes: [HTTPRequest.Method: Route]
    let literals: [String: Node]
    let parameter: (name: String, node: Node)?

    init(_ routes: [(segments: ArraySlice<Substring>, route: Route)]) {
      let here = routes.filter(\.segments.isEmpty).map { ($0.route.method, $0.route) }
      self.routes = Dictionary(here) { first, _ in preconditionFailure("two routes for \(first.method) \(first.path)") }
      let below = Dictionary(grouping: routes.filter { !$0.segments.isEmpty }) { $0.segments.first ?? "" }
        .mapValues { Node($0.map { ($0.segments.dropFirst(), $0.route) }) }
      literals = Dictionary(
        uniqueKeysWithValues: below.compactMap { name, node in
          RouteTable.parameter(name) == nil ? (String(name), node) : nil
        })
      let data = below.compactMap { name, node in RouteTable.parameter(name).map { (name: $0, node: node) } }
      precondition(data.count < 2, "one segment of a path has two names: \(data.map(\.name))")
      parameter = data.first
    }
  }

  enum Found {
    case route(Route, path: [String: String])
    /// The path is there, but not for this method.
    case otherMethods([HTTPRequest.Method])
    case nothing
  }

  let routes: [Route]
  private let root: Node

  init(_ routes: [Route]) {
    self.routes = routes
    root = Node(routes.map { ($0.path.split(separator: "/")[...], $0) })
  }

  /// The name in `{name}`; nil for a segment that is written out.
  static func parameter(_ segment: Substring) -> String? {
    segment.hasPrefix("{") && segment.hasSuffix("}") ? String(segment.dropFirst().dropLast()) : nil
  }

  /// - Parameter segments: of the path, decoded.
  func find(_ method: HTTPRequest.Method, _ segments: [String]) -> Found {
    var node = root
    var path: [String: String] = [:]
    for segment in segments {
      if let next = node.literals[segment] {
        node = next
      } else if let (name, next) = node.parameter, !segment.isEmpty {
        path[name] = segment
        node = next
      } else {
        return .nothing
      }
    }
    if let route = node.routes[method] { return .route(route, path: path) }
    // RFC 9110, 9.3.2: a HEAD is a GET whose content is not sent.
    if method == .head, let route = node.routes[.get] { return .route(route, path: path) }
    if node.routes.isEmpty { return .nothing }
    var methods = node.routes.keys.map { $0 } + [.options]
    if methods.contains(.get) { methods.append(.head) }
    return .otherMethods(methods.sorted { $0.rawValue < $1.rawValue })
  }
}
