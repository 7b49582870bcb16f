package import SwitchyardModel

/// Where a server listens for workers: `host:port`, `[::1]:port`.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
  /// A name or an address; an IPv6 address without its brackets.
  package var host: String
  package var port: Int
  /// `https://` in front: over TLS.
  package var isSecure: Bool

  package init(host: String, port: Int, isSecure: Bool = false) {
    self.host = host
    self.port = port
    self.isSecure = isSecure
  }

  /// - Throws: an error that says what is accepted.
  package init(parsing text: String) throws(FieldError) {
    func refusal() -> FieldError {
      FieldError(
        mustBe: "host:port, such as \"scheduler.example:7411\" or \"[::1]:7411\", with https:// in front for TLS",
        found: quoted(text))
    }
    let isSecure = text.hasPrefix("https://")
    guard let address = HostPort(parsing: text.dropFirst(isSecure ? 8 : 0)), let port = address.port, port > 0
    else { throw refusal() }
    self.init(host: address.host, port: Int(port), isSecure: isSecure)
  }

  package var description: String {
    (isSecure ? "https://" : "") + (host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
  }
}

/// The servers of a worker, in turn.
struct ServerRotation: Sendable {
  private let servers: [ServerAddress]
  private var index: Int

  /// Begins anywhere, so that the workers of a site do not all come to the first of the list.
  init(_ servers: [ServerAddress], random: inout some RandomNumberGenerator) {
    self.servers = servers
    index = servers.isEmpty ? 0 : Int.random(in: 0..<servers.count, using: &random)
  }

  var current: ServerAddress? { servers.indices.contains(index) ? servers[index] : nil }

  /// The current one failed.
  mutating func advance() { index = servers.isEmpty ? 0 : (index + 1) % servers.count }
}
