import CSwitchyard
import SwitchyardModel
import SwitchyardPlugins
import Testing

/// Sites are judged once, with hysteresis.
struct SiteTests {
  private func profile(_ site: String) -> WorkerProfile { WorkerProfile(apps: [], slots: 2, site: site) }

  private func state(_ cluster: Cluster, _ site: String) -> (state: Int, members: UInt32, live: UInt32)? {
    cluster.now += Span.milliseconds(500).nanoseconds
    _ = cluster.directory.judgeSites(at: cluster.now) { for update in $0 { cluster.table.apply(update) } }
    _ = cluster.table.publish(at: cluster.now)
    guard let sites = cluster.table.view(of: "x").sites?.sites.pointee else { return nil }
    for row in 0..<Int(sites.count) where cluster.interner.string(sites.site[row]) == site {
      return (Int(sites.state[row]), sites.members[row], sites.live[row])
    }
    return nil
  }

  @Test func aSiteIsUpAtOnceAndDownOnlyAfterAWhile() {
    let cluster = Cluster()
    cluster.apply((0..<4).map { Cluster.join("w\($0)", profile("west")) })
    #expect(state(cluster, "west") ?? (9, 9, 9) == (SY_SITE_UP, 4, 4))
    cluster.apply((0..<3).map { .suspended(Cluster.ref("w\($0)")) })
    #expect(state(cluster, "west") ?? (9, 9, 9) == (SY_SITE_UP, 4, 1), "it may be a blink")
    cluster.now += Span.seconds(3).nanoseconds
    #expect(state(cluster, "west") ?? (9, 9, 9) == (SY_SITE_DOWN, 4, 1))
    cluster.apply((0..<3).map { .resumed(Cluster.ref("w\($0)")) })
    #expect(state(cluster, "west")?.state == SY_SITE_DOWN)
    cluster.now += Span.seconds(3).nanoseconds
    #expect(state(cluster, "west")?.state == SY_SITE_UP)
  }

  @Test func aSiteWhoseWorkersAllDiedIsDownAndNotForgotten() {
    let cluster = Cluster()
    cluster.apply(Cluster.join("a", profile("west")), Cluster.join("b", profile("east")))
    cluster.apply(.suspended(Cluster.ref("a")), .left(Cluster.ref("a")))
    _ = state(cluster, "west")
    cluster.now += Span.seconds(4).nanoseconds
    #expect(state(cluster, "west") ?? (9, 9, 9) == (SY_SITE_DOWN, 1, 0))
    #expect(state(cluster, "east")?.state == SY_SITE_UP)
    cluster.now += Span.seconds(400).nanoseconds
    #expect(state(cluster, "west") == nil, "after long it is no site any more")
  }

  @Test func whoIsDrainedIsNoMemberAnyMore() {
    let cluster = Cluster()
    cluster.apply((0..<4).map { Cluster.join("w\($0)", profile("west")) })
    cluster.apply((0..<3).flatMap { [.draining(Cluster.ref("w\($0)")), .left(Cluster.ref("w\($0)"))] })
    cluster.now += Span.seconds(4).nanoseconds
    #expect(state(cluster, "west") ?? (9, 9, 9) == (SY_SITE_UP, 1, 1))
  }
}
