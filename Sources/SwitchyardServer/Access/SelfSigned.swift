import Crypto
import Foundation
import Glibc
import SwiftASN1
import SwitchyardSystem
import X509

/// An authority and a certificate of the server's own, for where nobody gives out certificates: made at the first start
/// with `tls-self-signed`, kept in `DATA/tls`, and made again when its names or its time run out. Who has a copy of
/// `ca.pem` knows this server by it.
package enum SelfSigned {
  /// - Parameter directory: the data directory.
  /// - Returns: the server's certificate and key.
  /// - Throws: when a file can be neither read nor made.
  static func files(in directory: String, now: Date = Date()) throws -> TLSFiles {
    let folder = "\(directory)/tls"
    mkdir(folder, 0o700)
    let files = TLSFiles(certificate: "\(folder)/server.pem", key: "\(folder)/server-key.pem")
    let names = names()
    if let text = try PrivateFile.read(files.certificate), try PrivateFile.readSecret(files.key) != nil,
      let certificate = try? Certificate(pemEncoded: text), certificate.notValidAfter > now + 30 * day,
      let known = try? certificate.extensions.subjectAlternativeNames, Set(names).isSubset(of: Set(known))
    {
      return files
    }
    let authority = try authority(in: folder, now)
    let key = P256.Signing.PrivateKey()
    let usage = try ExtendedKeyUsage([.serverAuth])
    let subject = try DistinguishedName { CommonName("switchyard server") }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
      notValidBefore: now - day,
      notValidAfter: now + 397 * day, issuer: authority.certificate.subject, subject: subject,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        usage
        SubjectAlternativeNames(names)
      }, issuerPrivateKey: .init(authority.key))
    try PrivateFile.write(key.pemRepresentation + "\n", to: files.key)
    try PrivateFile.write(try certificate.serializeAsPEM().pemString + "\n", to: files.certificate)
    return files
  }

  /// Of the data directory: what to give to those who shall know this server.
  package static func authorityPath(in directory: String) -> String { "\(directory)/tls/ca.pem" }

  private static let day: TimeInterval = 86_400

  private static func authority(
    in folder: String, _ now: Date
  ) throws -> (certificate: Certificate, key: P256.Signing.PrivateKey) {
    let (path, keyPath) = ("\(folder)/ca.pem", "\(folder)/ca-key.pem")
    if let text = try PrivateFile.read(path), let keyText = try PrivateFile.readSecret(keyPath),
      let certificate = try? Certificate(pemEncoded: text), certificate.notValidAfter > now + 400 * day,
      let key = try? P256.Signing.PrivateKey(pemRepresentation: keyText)
    {
      return (certificate, key)
    }
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName { CommonName("switchyard authority of \(hostName())") }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
      notValidBefore: now - day,
      notValidAfter: now + 3650 * day, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
      }, issuerPrivateKey: .init(key))
    try PrivateFile.write(key.pemRepresentation + "\n", to: keyPath)
    try PrivateFile.write(try certificate.serializeAsPEM().pemString + "\n", to: path)
    return (certificate, key)
  }

  /// By what this machine may be called: its name, `localhost`, and the addresses of its interfaces.
  private static func names() -> [GeneralName] {
    var addresses: Set<[UInt8]> = [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]]
    var list: UnsafeMutablePointer<ifaddrs>?
    if getifaddrs(&list) == 0 {
      defer { freeifaddrs(list) }
      var next = list
      while let interface = next?.pointee {
        next = interface.ifa_next
        guard let address = interface.ifa_addr else { continue }
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
          let ip = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr
          addresses.insert(withUnsafeBytes(of: ip) { Array($0) })
        case AF_INET6:
          let ip = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
          let bytes = withUnsafeBytes(of: ip) { Array($0) }
          // A link-local address says nothing without its link.
          if bytes[0] != 0xFE { addresses.insert(bytes) }
        default: break
        }
      }
    }
    let hosts = Set(["localhost", hostName()].filter { !$0.isEmpty })
    return hosts.sorted().map(GeneralName.dnsName)
      + addresses.sorted { $0.lexicographicallyPrecedes($1) }.map {
        .ipAddress(ASN1OctetString(contentBytes: $0[...]))
      }
  }

  private static func hostName() -> String {
    var name = [UInt8](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
  }
}
