import GRPCCore
import GRPCNIOTransportCore
import GRPCNIOTransportHTTP2Posix
import SwitchyardModel

/// How a worker knows its servers, and proves itself to them: PEM files.
package struct ClientTLS: Hashable, Sendable {
  /// Who signs the servers' certificates; nil: whom the system trusts.
  package var authority: String?
  /// The worker's own, where servers ask for one.
  package var certificate: String?
  package var key: String?
  package init(authority: String? = nil, certificate: String? = nil, key: String? = nil) {
    self.authority = authority
    self.certificate = certificate
    self.key = key
  }

  var security: HTTP2ClientTransport.Posix.TransportSecurity {
    .tls(
      .defaults { tls in
        if let authority { tls.trustRoots = .certificates([.file(path: authority, format: .pem)]) }
        if let certificate { tls.certificateChain = [.file(path: certificate, format: .pem)] }
        if let key { tls.privateKey = .file(path: key, format: .pem) }
      })
  }

  /// What to do about a stream that failed, where its failure has to do with TLS; nil where it has not.
  static func advice(on error: any Error, to server: ServerAddress) -> String? {
    let text = "\(error)" + ((error as? RPCError)?.cause.map { "\($0)" } ?? "")
    if text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("unableToValidateCertificate") {
      return """
        the certificate of \(server) is not signed by whom this worker trusts, or has expired: give --tls-ca the \
        authority's certificate (of `switchyard server --tls-self-signed` it is DATA/tls/ca.pem), or renew the server's
        """
    }
    if text.contains("failedToValidateHostname") {
      return """
        the certificate of \(server) is for another name: connect to a name that it has, or give the server one for \
        \(server.host)
        """
    }
    if text.contains("WRONG_VERSION_NUMBER") || text.contains("INVALID_PROTOCOL") {
      return "\(server) does not speak TLS: leave https:// and --tls-ca out, or start it with --tls-self-signed"
    }
    if text.contains("CERTIFICATE_REQUIRED") || text.contains("BAD_CERTIFICATE") {
      return "\(server) wants a certificate of the worker that it trusts: give --tls-certificate and --tls-key"
    }
    return nil
  }
}
