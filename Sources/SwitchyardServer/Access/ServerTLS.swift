import GRPCNIOTransportCore
import GRPCNIOTransportHTTP2Posix
import Logging
import NIOCertificateReloading
import NIOSSL
import SwitchyardModel

/// The files by which a server proves who it is, PEM each.
package struct TLSFiles: Hashable, Sendable {
  /// The certificate, and behind it those between it and a root.
  package var certificate: String
  package var key: String
  /// Who signs workers' certificates: without one of these, no worker gets in. Nil: the token is enough.
  package var clientAuthority: String?
  package init(certificate: String, key: String, clientAuthority: String? = nil) {
    self.certificate = certificate
    self.key = key
    self.clientAuthority = clientAuthority
  }
}

/// How a server speaks.
package enum TLSChoice: Hashable, Sendable {
  /// What is sent can be read by whoever is in between.
  case off
  case files(TLSFiles)
  /// By a certificate of its own making; see ``SelfSigned``.
  case selfSigned(clientAuthority: String?)

  /// The files, made where they are the server's to make.
  func files(in directory: String) throws -> TLSFiles? {
    switch self {
    case .off: return nil
    case .files(let files): return files
    case .selfSigned(let authority):
      var files = try SelfSigned.files(in: directory)
      files.clientAuthority = authority
      return files
    }
  }
}

/// TLS for both faces, 1.2 and newer. The files are read again every few seconds: new connections get what is there
/// then, and a pair that does not fit is not taken.
struct ServerTLS: Sendable {
  private let files: TLSFiles
  private let reloader: TimedCertificateReloader

  /// - Throws: ``BootstrapError`` when the files cannot be used; the message says what to do.
  init(_ files: TLSFiles, logger: Logger) throws {
    self.files = files
    do {
      reloader = try TimedCertificateReloader.makeReloaderValidatingSources(
        configuration: .init(
          refreshInterval: .seconds(5),
          certificateSource: .init(location: .file(path: files.certificate), format: .pem),
          privateKeySource: .init(location: .file(path: files.key), format: .pem)
        ) { reloading in
          reloading.onCertificateLoadFailed = { failure in
            logger.error("tls-certificate and tls-key cannot be read again", metadata: ["error": "\(failure.error)"])
          }
        })
    } catch {
      throw BootstrapError(
        description:
          "tls-certificate \(files.certificate), tls-key \(files.key): cannot be used: \(error); both must be "
          + "PEM files that this user can read, the key that of the first certificate")
    }
    if let authority = files.clientAuthority {
      do { _ = try NIOSSLCertificate.fromPEMFile(authority) } catch {
        throw BootstrapError(
          description:
            "tls-client-ca \(authority): cannot be used: \(error); it must be a PEM file of certificates that "
            + "this user can read")
      }
    }
  }

  func http() throws -> TLSConfiguration {
    var configuration = try TLSConfiguration.makeServerConfiguration(certificateReloader: reloader)
    configuration.minimumTLSVersion = .tlsv12
    return configuration
  }

  func grpc() throws -> HTTP2ServerTransport.Posix.TransportSecurity {
    guard let authority = files.clientAuthority else { return try .tls(certificateReloader: reloader) }
    return try .mTLS(certificateReloader: reloader) { tls in
      tls.trustRoots = .certificates([.file(path: authority, format: .pem)])
      // A worker has no name that could be looked up.
      tls.clientCertificateVerification = .noHostnameVerification
    }
  }

  /// Keeps an eye on the files, until the task is cancelled or the server shuts down.
  func watch() async { try? await reloader.run() }
}
