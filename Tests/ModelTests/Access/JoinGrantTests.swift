import SwitchyardModel
import Testing

@Suite struct JoinGrantTests {
  private func hello(
    apps: [String] = [], slots: UInt32 = 4, tags: [String] = [], site: String? = nil,
    metrics: WorkerMetrics = WorkerMetrics()
  ) -> Hello {
    Hello(
      ref: WorkerRef(name: "w", incarnation: 1), lineage: 1,
      profile: WorkerProfile(apps: apps, slots: slots, tags: tags, site: site), metrics: metrics)
  }

  private func admit(_ hello: Hello, _ grant: JoinGrant) throws -> (Hello, [JoinGrant.Cut]) {
    guard case .admitted(let hello, let cuts) = grant.admit(hello) else { throw Refused() }
    return (hello, cuts)
  }

  private struct Refused: Error {}

  @Test("without bounds every claim stands")
  func unbounded() throws {
    let claim = hello(apps: ["x", "*"], slots: 9, tags: ["gpu"], site: "east", metrics: WorkerMetrics(tags: ["a"]))
    let (admitted, cuts) = try admit(claim, JoinGrant(apps: .all))
    #expect(admitted == claim && cuts.isEmpty)
  }

  @Test("apps beyond the token's are cut; all of them are the token's")
  func apps() throws {
    let grant = JoinGrant(apps: AppScope(["a", "b"]))
    #expect(try admit(hello(), grant).0.profile.apps == ["a", "b"])
    #expect(try admit(hello(), grant).1 == [])
    #expect(try admit(hello(apps: ["*", "c"]), grant).0.profile.apps == ["a", "b"])
    let (admitted, cuts) = try admit(hello(apps: ["c", "b"]), grant)
    #expect(admitted.profile.apps == ["b"] && cuts == [.apps])
    guard case .refused(let reason) = grant.admit(hello(apps: ["c"])) else { throw Refused() }
    #expect(reason.contains("a, b") && reason.contains("--apps"))
  }

  @Test("a label does not bring a worker to a site that is not the token's")
  func siteAsLabel() throws {
    let grant = JoinGrant(apps: .all, bounds: JoinBounds(sites: ["east"]))
    var claim = hello()
    claim.profile.labels = [Label(key: "site", text: "west"), Label(key: "zone", text: "west")]
    let (admitted, cuts) = try admit(claim, grant)
    #expect(admitted.profile.labels == [Label(key: "zone", text: "west")] && cuts == [.site])
    #expect(admitted.profile.site == "east")
    claim.profile.labels = [Label(key: "site", text: "east")]
    #expect(try admit(claim, grant).0 == claim)
  }

  @Test("tags and slots beyond the token's are cut, in a hello and in a heartbeat")
  func tagsAndSlots() throws {
    let grant = JoinGrant(apps: .all, bounds: JoinBounds(tags: ["gpu"], slots: 2))
    let claim = hello(slots: 3, tags: ["root", "gpu"], metrics: WorkerMetrics(tags: ["root"]))
    let (admitted, cuts) = try admit(claim, grant)
    #expect(admitted.profile.tags == ["gpu"] && admitted.profile.slots == 2 && admitted.metrics.tags == [])
    #expect(cuts == [.tags, .slots])
    let (metrics, more) = grant.admit(WorkerMetrics(tags: ["gpu", "root"]))
    #expect(metrics.tags == ["gpu"] && more == [.tags])
    #expect(grant.admit(WorkerMetrics()).0.tags == nil)
  }

  @Test("a site that is not the token's is refused, and cut from what metrics say")
  func sites() throws {
    let grant = JoinGrant(apps: .all, bounds: JoinBounds(sites: ["east"]))
    #expect(try admit(hello(site: "east"), grant).1 == [])
    #expect(try admit(hello(), grant).0.profile.site == "east", "it names none, and the token has one")
    let both = JoinGrant(apps: .all, bounds: JoinBounds(sites: ["east", "west"]))
    guard case .refused(let choice) = both.admit(hello()) else { throw Refused() }
    #expect(choice.contains("east, west") && choice.contains("--site"))
    #expect(try admit(hello(metrics: WorkerMetrics(texts: [Label(key: "site", text: "west")])), both).1 == [])
    #expect(try admit(hello(), JoinGrant(apps: .all, bounds: JoinBounds(sites: []))).0.profile.site == nil)
    guard case .refused(let reason) = grant.admit(hello(site: "west")) else { throw Refused() }
    #expect(reason.contains("\"west\""))
    let texts = [Label(key: "site", text: "west"), Label(key: "rack", text: "r")]
    let (metrics, cuts) = grant.admit(WorkerMetrics(texts: texts))
    #expect(metrics.texts == [Label(key: "rack", text: "r")] && cuts == [.site])
  }
}
