import SwitchyardModel

@testable import SwitchyardServer
@testable import switchyard

@Sendable func json(_ bytes: [UInt8]) {
  guard let value = try? JSONValue(parsing: bytes) else { return }
  expectSame(value, try JSONValue(parsing: value.text))
  expectSame(value.canonicalBytes, try JSONValue(parsing: value.canonicalBytes).canonicalBytes)
}

@Sendable func job(_ bytes: [UInt8]) {
  guard let value = try? JSONValue(parsing: bytes), let job = try? JobDocument(json: value) else { return }
  check(job)
}

private func check(_ job: JobDocument) {
  let spec = job.spec
  expectSame(job, try JobDocument(json: job.json))
  expectSame(spec, try JobSpec(json: JSONValue(parsing: spec.json.text)))
  expect(!spec.words.isEmpty, "no words")
  var after = Timestamp(seconds: 1_750_000_000)
  for _ in 0..<3 {
    guard let due = spec.nextDue(after: after, anchor: spec.anchor(at: after), zone: .utc) else { return }
    expect(due > after && !spec.isOutsideLife(due), "\(spec): \(due) is due after \(after)")
    expect(spec.start(of: due, job: JobID(rawValue: 7)) >= due, "\(spec): starts before \(due)")
    after = due
  }
}

@Sendable func policy(_ bytes: [UInt8]) {
  guard let value = try? JSONValue(parsing: bytes), let policy = try? Policy(json: value) else { return }
  expectSame(policy, try Policy(json: policy.json))
}

@Sendable func tokenBody(_ bytes: [UInt8]) {
  let now = Timestamp(seconds: 1_750_000_000)
  guard let value = try? JSONValue(parsing: bytes),
    let token = try? value.read({ TokenRecord(definition: $0, hash: "", now: now) }), (try? token.check()) != nil
  else { return }
  expect((token.role == .admin) <= (token.apps == .all), "an administrator of some apps")
  expect((token.bounds != nil) == (token.role == .join), "bounds of a role that has none")
  expect(token.apps.names.count <= 64, "\(token.apps.names.count) apps")
  for permission in [Permission.read, .operate, .write, .admin, .join] {
    let alone = token.role == .join || permission == .join
    expect(!alone || token.role.allows(permission) == (permission == .join && token.role == .join), "\(token.role)")
  }
  guard let bounds = token.bounds else { return }
  let claim = Hello(
    ref: WorkerRef(name: "w", incarnation: 1), lineage: 7,
    profile: WorkerProfile(apps: ["a", "b"], slots: 8, tags: ["gpu", "big"]), inventory: [])
  let grant = JoinGrant(apps: token.apps, bounds: bounds)
  guard case .admitted(let hello, _) = grant.admit(claim) else { return }
  expect(hello.profile.apps.allSatisfy(token.apps.contains), "a worker of \(hello.profile.apps)")
  expect(hello.profile.slots <= bounds.slots ?? .max, "a worker with \(hello.profile.slots) slots")
  guard case .admitted(hello, let cuts) = grant.admit(hello), cuts.isEmpty else { fatalError("cut twice: \(hello)") }
}

/// Less than or equal, as an implication.
private func <= (a: Bool, b: Bool) -> Bool { !a || b }

@Sendable func submission(_ bytes: [UInt8]) {
  guard let value = try? JSONValue(parsing: bytes), let order = try? Order(value) else { return }
  expect(order.key.map { Order.keyBytes.contains($0.utf8.count) } ?? true, "\(order)")
  expect(order.parameters.map { (try? JSONValue(parsing: $0)) != nil } ?? true, "\(order)")
}

@Sendable func yaml(_ bytes: [UInt8]) {
  guard let documents = try? YAMLFile.documents(in: text(bytes)) else { return }
  for value in documents {
    expectSame(value.canonicalBytes, try JSONValue(parsing: value.text).canonicalBytes)
    if let job = try? JobDocument(json: value) { check(job) }
  }
}

@Sendable func crontab(_ bytes: [UInt8]) {
  for isSystem in [false, true] {
    let plan = CrontabImport(Crontab(parsing: text(bytes), isSystem: isSystem), prefix: "x-", zone: "Europe/Paris")
    for job in plan.jobs { check(JobDocument(app: nil, spec: job)) }
    expect(Set(plan.jobs.map(\.name)).count == plan.jobs.count, "two jobs of one name")
  }
}
