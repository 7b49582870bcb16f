import SwitchyardModel

extension TokenRecord {
  /// For how long a token or an old secret may be good.
  static let spans: ClosedRange<Span> = .zero ... .seconds(100 * 366 * 86_400)

  /// A new token as its administrator describes it.
  init(definition fields: ObjectReader, hash: String, now: Timestamp) {
    func names(_ field: String, _ rule: @escaping (String) -> String?) -> [String]? {
      fields.optional(field)?.list(count: 0...256) { $0.string(bytes: 1...256, check: rule) }
    }
    let name = fields.string("name", bytes: 1...128, check: NameRule.identifier)
    let accepted = oneOf(TokenRole.allCases.map(\.name))
    let role =
      fields.required("role", accepted)?.parsed { text throws(FieldError) in
        guard let role = TokenRole(name: text) else { throw FieldError(mustBe: accepted, found: quoted(text)) }
        return role
      } ?? .read
    let apps = fields.optional("apps")?.list(count: 1...64) { app in
      app.string(bytes: 1...64) { $0 == "*" ? nil : NameRule.app($0).map { "*, or \($0)" } }
    }
    let tags = names("tags", NameRule.tag)
    let sites = names("sites", NameRule.tag)
    let slots = fields.optional("slots")?.integer(in: WorkerProfile.slotRange)
    let expiresIn = fields.optional("expiresIn")?.span(in: Self.spans)
    let bounds = JoinBounds(tags: tags, sites: sites, slots: slots)
    let scope: AppScope = (apps ?? (role == .admin ? ["*"] : [])).contains("*") ? .all : AppScope(apps ?? [])
    self.init(
      id: TokenID(rawValue: .random(in: 1...UInt64(Int64.max))), name: name, role: role, apps: scope,
      bounds: role == .join || bounds != JoinBounds() ? bounds : nil, hash: hash, createdAt: now,
      expiresAt: expiresIn.map { now + $0 })
  }

  /// - Throws: 422 when role, apps and bounds do not go together.
  func check() throws(APIError) {
    if role != .join, bounds != nil {
      throw APIError(
        unprocessable: FieldError(
          path: "role", mustBe: "join with tags, sites or slots, which bound what a worker may claim",
          found: quoted(role.name)))
    }
    if role == .admin, apps != .all {
      throw APIError(
        unprocessable: FieldError(
          path: "apps", problem: "must be left out for the role admin, which is for all apps", accepted: "nothing"))
    }
    if apps == AppScope([]) {
      throw APIError(
        unprocessable: FieldError(
          path: "apps", problem: "is required: names of apps, or * for all", accepted: "names of apps, or *"))
    }
  }
}
