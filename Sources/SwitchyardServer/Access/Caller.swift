import HTTPTypes
import SwitchyardModel

/// Who makes a request, as its token says.
struct Caller: Hashable, Sendable {
  /// Nil for the tokens of the data directory.
  var token: TokenID?
  var name: String
  var role: TokenRole
  var apps: AppScope
  var bounds: JoinBounds?
  /// Of the secret that was shown.
  var hash: String

  /// A request that needs no token.
  static let anyone = Caller(token: nil, name: "anyone", role: .read, apps: AppScope([]), hash: "")

  /// For what tells of all apps at once.
  ///
  /// - Throws: 403.
  func demandAllApps() throws(APIError) {
    guard apps != .all else { return }
    throw APIError(
      status: .forbidden,
      detail: "this tells of all apps, and the token \(quoted(name)) is for \(apps.names.joined(separator: ", ")); "
        + "an administrator makes one for all with `switchyard token create NAME --role read --app '*'`")
  }

  /// - Parameter app: that the request is about; nil when it is about the whole server.
  /// - Throws: 403, with what the token may do.
  func demand(_ permission: Permission, app: String?) throws(APIError) {
    let isAllowed = role.allows(permission)
    guard !isAllowed || app.map({ !apps.contains($0) }) == true else { return }
    let wanted = isAllowed ? "is not for the app \(quoted(app ?? ""))" : "may not \(permission.verb)"
    throw APIError(
      status: .forbidden,
      detail: "the token \(quoted(name)) \(wanted): its role is \(role.name), its apps are "
        + "\(apps.names.joined(separator: ", ")); an administrator makes another with `switchyard token create`")
  }
}

/// Why a token is not taken.
enum TokenFailure: String, Error {
  case missing, misspelt, unknown, expired, revoked

  var detail: String {
    switch self {
    case .missing:
      "a token is required: send `Authorization: Bearer TOKEN`; the server keeps the administrator's in DATA/token"
    case .misspelt: "the token has a wrong letter or is not whole: its checksum does not fit; copy it again"
    case .unknown: "the token is wrong for this server: it is none of its tokens, nor that of DATA/token"
    case .expired: "the token has expired; an administrator makes another with `switchyard token create`"
    case .revoked: "the token has been revoked; an administrator makes another with `switchyard token create`"
    }
  }
}
