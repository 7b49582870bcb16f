import Crypto
import Foundation
import SwitchyardModel
import SwitchyardSystem

/// The two tokens that a server makes at its first start, so that its first minute needs no administrator: in the data
/// directory, mode 0600, where the CLI and the workers of the same user find them. `token` may everything but pose
/// as a worker; `worker-token` lets any worker in.
///
/// To get rid of one: delete its file and start the server again; it makes another.
enum BootstrapToken: String {
  case admin = "token"
  case join = "worker-token"

  /// - Throws: when the file can be neither read nor made, or others could have read or written it.
  func secret(in directory: String) throws -> String {
    let path = "\(directory)/\(rawValue)"
    guard let text = try PrivateFile.readSecret(path) else {
      let text = TokenText.make()
      try PrivateFile.write(text + "\n", to: path)
      return text
    }
    let token = text.prefix { !$0.isWhitespace }
    guard token.utf8.count >= 32 else {
      throw BootstrapError(
        description: "\(path): a token has at least 32 characters, this one has \(token.utf8.count); delete the file "
          + "and start again, and the server makes a new one")
    }
    return String(token)
  }
}

struct BootstrapError: Error, CustomStringConvertible {
  let description: String
}

extension TokenText {
  /// A new secret, from the system's generator.
  static func make() -> String {
    var random = SystemRandomNumberGenerator()
    let secret = (0..<secretBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    return TokenText(secret: secret)?.text ?? ""
  }

  /// What the store keeps of a secret.
  static func hash(of text: some StringProtocol) -> String {
    sha256(Array(text.utf8))
  }
}

/// - Returns: 64 hexadecimal digits.
func sha256(_ bytes: [UInt8]) -> String {
  SHA256.hash(data: bytes).map { byte in
    let hex = String(byte, radix: 16)
    return byte < 16 ? "0" + hex : hex
  }.joined()
}
