import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import SwitchyardModel
import SwitchyardServer
import Synchronization

/// Where the server is and how to prove oneself; the same for all commands that ask one.
struct ServerOptions: ParsableArguments {
  @Option(name: .long, help: "The server's HTTP address. [http://127.0.0.1:7410]")
  var serverUrl: String?

  @Option(name: .long, help: "File with the access token. [DATA/token]")
  var tokenFile: String?

  @Option(name: .long, help: "The server's data directory, where its token is found. [~/.local/share/switchyard]")
  var data: String?

  @Option(name: .long, help: "PEM file of who signs the server's certificate. [whom the system trusts]")
  var tlsCa: String?

  @Flag(name: .long, help: "Print JSON, for programs.")
  var json = false

  /// - Parameter settings: nil: those of this process.
  func client(_ settings: Settings? = nil) throws -> APIClient {
    let settings = try settings ?? Settings()
    let own = SelfSigned.authorityPath(in: try settings.dataDirectory(data))
    let hasOwn = FileManager.default.fileExists(atPath: own)
    let named = try settings.text(serverUrl, .serverURL)
    let url = named ?? (hasOwn ? "https://127.0.0.1:7410" : "http://127.0.0.1:7410")
    guard HTTPAddress(parsing: url) != nil else {
      throw CLIError("setting server-url: must be \(HTTPAddress.accepted), found \(quoted(url))")
    }
    if let authority = try settings.text(tlsCa, .tlsCA) {
      APIClient.trust(try certificates(authority), alone: true)
    } else if let own = try? certificates(own) {
      APIClient.trust(own, alone: false)
    }
    return APIClient(url: url.last == "/" ? String(url.dropLast()) : url, token: try token(settings))
  }

  private func certificates(_ file: String) throws -> [NIOSSLCertificate] {
    guard FileManager.default.isReadableFile(atPath: file) else {
      throw CLIError("tls-ca: \(quoted(file)) cannot be read; copy DATA/tls/ca.pem of the server")
    }
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
      throw CLIError("tls-ca: \(quoted(file)) holds no certificate in PEM; copy DATA/tls/ca.pem of the server")
    }
    return certificates
  }

  private func token(_ settings: Settings) throws -> String {
    if tokenFile == nil, data == nil, let token = try settings.text(nil, .token) {
      return try Self.checked(token, "setting token")
    }
    let path = try data == nil ? settings.text(tokenFile, .tokenFile) : tokenFile
    let file = try path ?? "\(settings.dataDirectory(data))/token"
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw CLIError(
        "\(file): no access token there. Is a server running with this data directory? "
          + "Else name its token: --token-file FILE, or SWITCHYARD_TOKEN")
    }
    return try Self.checked(text.trimmingCharacters(in: .whitespacesAndNewlines), file)
  }

  /// It travels in a header.
  private static func checked(_ token: String, _ place: String) throws -> String {
    guard (1...4096).contains(token.utf8.count), token.utf8.allSatisfy({ (33...126).contains($0) }) else {
      throw CLIError(
        "\(place): must hold an access token, as `switchyard token create` prints it or the server's DATA/token has it")
    }
    return token
  }
}

/// Speaks with a server's API.
struct APIClient: Sendable {
  let url: String
  let token: String

  /// Says at once that nobody answers, instead of trying on until the time is up. Lives as long as the process.
  private static let http = {
    var configuration = HTTPClient.Configuration()
    if let trusted = trusted.withLock({ $0 }) {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.minimumTLSVersion = .tlsv12
      if trusted.alone {
        tls.trustRoots = .certificates(trusted.certificates)
      } else {
        tls.additionalTrustRoots = [.certificates(trusted.certificates)]
      }
      configuration.tlsConfiguration = tls
    }
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.timeout.connect = .seconds(10)
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  private static let trusted = Mutex<(certificates: [NIOSSLCertificate], alone: Bool)?>(nil)

  /// Before the first request: who signs the server's certificate, besides whom the system trusts or alone.
  static func trust(_ certificates: [NIOSSLCertificate], alone: Bool) {
    trusted.withLock { $0 = (certificates, alone) }
  }

  func get(_ path: String, _ query: [(String, String?)] = []) async throws -> JSONValue {
    try await send("GET", path, query)
  }

  func send(
    _ method: String, _ path: String, _ query: [(String, String?)] = [], body: JSONValue? = nil,
    timeout: Int64 = 60
  ) async throws -> JSONValue {
    let response = try await execute(
      method, path, query, headers: body == nil ? [] : [("content-type", "application/json")],
      body: body.map { .bytes(ByteBuffer(bytes: $0.bytes)) }, timeout: timeout)
    return try await answer(response)
  }

  /// Sends a file as it is.
  func upload(_ bytes: [UInt8], _ path: String, _ query: [(String, String?)]) async throws -> JSONValue {
    try await answer(
      execute(
        "POST", path, query, headers: [("content-type", "application/octet-stream")],
        body: .bytes(ByteBuffer(bytes: bytes)), timeout: 120))
  }

  private func answer(_ response: HTTPClientResponse) async throws -> JSONValue {
    let buffer = try await response.body.collect(upTo: 64 << 20)
    return try JSONValue(parsing: Array(buffer.readableBytesView), limits: JSONLimits(bytes: 64 << 20))
  }

  /// The body as it comes.
  ///
  /// - Parameters:
  ///   - headers: besides the token.
  ///   - body: sent as it is made.
  func stream(
    _ path: String, _ query: [(String, String?)] = [], method: String = "GET", headers: [(String, String)] = [],
    body: HTTPClientRequest.Body? = nil, _ receive: ([UInt8]) throws -> Void
  ) async throws {
    let response = try await execute(method, path, query, headers: headers, body: body, timeout: 365 * 86_400)
    var body = response.body.makeAsyncIterator()
    while true {
      let buffer: ByteBuffer?
      do {
        buffer = try await body.next()
      } catch {
        throw CLIError("\(url) broke off before the end (\(error)); ask again when it is there")
      }
      guard let buffer else { return }
      try receive(Array(buffer.readableBytesView))
    }
  }

  private func execute(
    _ method: String, _ path: String, _ query: [(String, String?)], headers: [(String, String)],
    body: HTTPClientRequest.Body?, timeout: Int64
  ) async throws -> HTTPClientResponse {
    var components = URLComponents()
    components.queryItems = query.compactMap { name, value in value.map { URLQueryItem(name: name, value: $0) } }
    let suffix =
      components.percentEncodedQuery.flatMap { $0.isEmpty ? nil : "?\($0.replacing("+", with: "%2B"))" } ?? ""
    var request = HTTPClientRequest(url: url + "/api/v1" + path + suffix)
    request.method = .init(rawValue: method)
    request.headers.add(name: "authorization", value: "Bearer \(token)")
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    request.body = body
    let response: HTTPClientResponse
    do {
      response = try await Self.http.execute(request, timeout: .seconds(timeout))
    } catch {
      if let advice = advice(about: error) { throw CLIError("\(url): \(advice)") }
      if "\(error)".contains("remoteConnectionClosed") {
        throw CLIError(
          "\(url): the server closed the connection without an answer: it goes down just now; or it speaks TLS: then "
            + "write https:// in --server-url, and give --tls-ca its authority's certificate", isUnreachable: true)
      }
      throw CLIError(
        "\(url) does not answer (\(error)). Is the server running? `switchyard dev` starts one", isUnreachable: true)
    }
    guard (200..<300).contains(response.status.code) else { throw await problem(response) }
    return response
  }

  /// What to do about a failure that trying again does not mend; nil where it is another.
  private func advice(about error: any Error) -> String? {
    let text = "\(error)"
    if text.contains("UnknownHost") { return "no machine has this name; is --server-url right?" }
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return "the server's certificate is not signed by whom you trust, or has expired: give --tls-ca the authority's "
        + "certificate (of `switchyard server --tls-self-signed` it is DATA/tls/ca.pem), or renew the server's"
    }
    if text.contains("failedToValidateHostname") {
      return "the server's certificate is for another name: use a name that it has in --server-url"
    }
    if text.contains("WRONG_VERSION_NUMBER") { return "the server does not speak TLS: write http:// in --server-url" }
    if !url.hasPrefix("https:"), text.contains("invalid") {
      return "the server answers with what is not HTTP (\(error)); if it speaks TLS, write https:// in "
        + "--server-url, and give --tls-ca its authority's certificate"
    }
    return nil
  }

  private func problem(_ response: HTTPClientResponse) async -> CLIError {
    let bytes = (try? await response.body.collect(upTo: 1 << 20)).map { Array($0.readableBytesView) } ?? []
    let detail = (try? JSONValue(parsing: bytes))?["detail"]?.stringValue
    return CLIError(detail ?? "the server answered with status \(response.status.code)")
  }
}
