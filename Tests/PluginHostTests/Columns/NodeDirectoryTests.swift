import CSwitchyard
import SwitchyardModel
import SwitchyardPlugins
import Testing

/// A directory, and one lane's table that hears all it says.
final class Cluster {
  let interner = Interner()
  let columns = ColumnCatalogue()
  let directory: NodeDirectory
  let table: LaneTable
  var now: Monotonic = 1_000_000_000_000

  init(seatLimit: UInt32 = 1_024) {
    directory = NodeDirectory(interner: interner, columns: columns)
    table = LaneTable(
      credits: directory.credits, seatLimit: seatLimit, publishEvery: .milliseconds(100),
      generationEvery: .seconds(1))
  }

  func apply(_ changes: NodeChange...) { apply(changes) }

  func apply(_ changes: [NodeChange]) {
    directory.apply(changes, at: now, wantsEvents: false) { for update in $0 { table.apply(update) } }
  }

  func refreshColumns() { directory.refreshColumns { for update in $0 { table.apply(update) } } }

  /// Lets so much time pass that everything is published.
  func publish() {
    now += Span.seconds(2).nanoseconds
    _ = table.publish(at: now)
  }

  static func ref(_ name: String, _ incarnation: UInt64 = 1) -> WorkerRef {
    WorkerRef(name: name, incarnation: incarnation)
  }

  static func join(_ name: String, incarnation: UInt64 = 1, _ profile: WorkerProfile = .init(apps: [], slots: 4))
    -> NodeChange
  {
    .joined(ref(name, incarnation), profile, session: 1)
  }
}

struct NodeDirectoryTests {
  @Test func rowsAreAscendingByIDAndPadded() throws {
    let cluster = Cluster()
    cluster.apply((0..<100).map { Cluster.join("w\($0)") })
    cluster.publish()
    let view = cluster.table.view(of: "app")
    let nodes = view.nodes.pointee
    #expect(nodes.count == 100 && view.stride == 128)
    let ids = UnsafeBufferPointer(start: nodes.id, count: 128)
    #expect(ids[..<100].elementsEqual(ids[..<100].sorted()))
    #expect(ids[100...].allSatisfy { $0 == 0 })
    #expect(Set(ids[..<100]) == Set((0..<100).map { nodeID("w\($0)") }))
    #expect(UnsafeBufferPointer(start: nodes.avail, count: 128)[..<100].allSatisfy { $0 == 4 })
    #expect(UInt(bitPattern: nodes.id) % 64 == 0 && UInt(bitPattern: nodes.avail) % 64 == 0)
  }

  @Test func columnsThatNobodyReportsAreNull() {
    let cluster = Cluster()
    cluster.apply(Cluster.join("a"))
    cluster.publish()
    let nodes = cluster.table.view(of: "x").nodes.pointee
    #expect(nodes.site == nil && nodes.rack == nil && nodes.version == nil && nodes.queued == nil)
    #expect(nodes.cpu == nil && nodes.mem == nil && nodes.fail_rate == nil && nodes.latency_ms == nil)
    #expect(nodes.weight != nil && nodes.number_count == 0)
  }

  @Test func metricsShowUpAtTheNextTickAndUnknownRowsAreNaN() {
    let cluster = Cluster()
    let number = cluster.columns.subscribe(.number, "gpu.free")
    cluster.refreshColumns()
    cluster.apply(Cluster.join("a"), Cluster.join("b"))
    cluster.publish()
    let view = cluster.table.view(of: "x")
    let (generation, tick) = (view.generation, view.nodes.pointee.tick)
    cluster.apply(
      .metrics(
        Cluster.ref("a"), WorkerMetrics(numbers: [.init(name: "cpu", value: 0.5), .init(name: "gpu.free", value: 3)])))
    #expect(view.nodes.pointee.cpu == nil, "not before it is time")
    cluster.now += Span.milliseconds(200).nanoseconds
    #expect(cluster.table.publish(at: cluster.now).load)
    let nodes = view.nodes.pointee
    let row = nodes.id[0] == nodeID("a") ? 0 : 1
    #expect(nodes.cpu?[row] == 0.5 && nodes.cpu?[1 - row].isNaN == true)
    #expect(nodes.number[Int(number ?? 0)]?[row] == 3)
    #expect(nodes.generation == generation && nodes.tick != tick, "load does not move the generation")
  }

  @Test func aSubscriptionFindsWhatWasReportedBefore() {
    let cluster = Cluster()
    cluster.apply(
      Cluster.join("a", .init(apps: [], slots: 1, tags: ["gpu"], labels: [Label(key: "os", text: "linux")])),
      .metrics(Cluster.ref("a"), WorkerMetrics(numbers: [.init(name: "disk", value: 7)])))
    cluster.publish()
    _ = (
      cluster.columns.subscribe(.number, "disk"), cluster.columns.subscribe(.text, "os"),
      cluster.columns.subscribe(.tag, "gpu")
    )
    cluster.refreshColumns()
    cluster.publish()
    let nodes = cluster.table.view(of: "x").nodes.pointee
    #expect(nodes.number[0]?[0] == 7)
    #expect(nodes.text[0].map { cluster.interner.string($0[0]) } == "linux")
    #expect(nodes.tag[0]?[0] == 1 && nodes.tag[0]?[1] == 0)
  }

  @Test func aRefusedColumnIsNull() {
    let cluster = Cluster()
    for index in 0..<ColumnCatalogue.limit { #expect(cluster.columns.subscribe(.tag, "t\(index)") != nil) }
    #expect(cluster.columns.subscribe(.tag, "one-more") == nil)
    #expect(cluster.columns.subscribe(.tag, "t0") == 0)
  }

  @Test func labelsMoveTheGenerationAtMostOnceASecond() {
    let cluster = Cluster()
    _ = cluster.columns.subscribe(.text, "zone")
    cluster.refreshColumns()
    cluster.apply(Cluster.join("a"))
    cluster.publish()
    let view = cluster.table.view(of: "x")
    var generations: Set<UInt64> = []
    for round in 0..<50 {
      cluster.apply(.metrics(Cluster.ref("a"), WorkerMetrics(texts: [Label(key: "zone", text: "z\(round)")])))
      cluster.now += Span.milliseconds(100).nanoseconds
      _ = cluster.table.publish(at: cluster.now)
      generations.insert(view.generation)
    }
    #expect(generations.count <= 6, "five seconds")
  }

  @Test func eachAppSeesItsOwnWorkers() {
    let cluster = Cluster()
    cluster.apply(
      Cluster.join("all"), Cluster.join("star", .init(apps: ["*"], slots: 1)),
      Cluster.join("mine", .init(apps: ["billing"], slots: 1)))
    cluster.publish()
    #expect(cluster.table.view(of: "billing").count == 3)
    #expect(cluster.table.view(of: "other").count == 2)
    #expect(cluster.table.view(of: "other") === cluster.table.view(of: "third"), "shared while nobody names them")
    cluster.apply(.left(Cluster.ref("mine")))
    cluster.publish()
    #expect(cluster.table.view(of: "billing") === cluster.table.view(of: "other"))
  }

  @Test func creditsFollowWhatIsTakenAndReleased() {
    let cluster = Cluster()
    cluster.apply(Cluster.join("a"))
    cluster.publish()
    let view = cluster.table.view(of: "x")
    #expect(view.take(3, row: 0, cluster.table))
    #expect(view.avail[0] == 1 && view.nodes.pointee.used[0] == 3)
    #expect(!view.take(2, row: 0, cluster.table))
    cluster.apply(.released(Cluster.ref("a"), slots: 2), .taken(Cluster.ref("a"), slots: 1))
    view.follow(cluster.table)
    #expect(view.avail[0] == 2)
    cluster.apply(.released(Cluster.ref("a"), slots: 100))
    view.follow(cluster.table)
    #expect(view.avail[0] == 4, "never more than there are")
  }

  @Test(arguments: [NodeChange.suspended(Cluster.ref("a")), .draining(Cluster.ref("a")), .left(Cluster.ref("a"))])
  func whoIsOutTakesNothingMoreAtOnce(_ out: NodeChange) {
    let cluster = Cluster()
    cluster.apply(Cluster.join("a"))
    cluster.publish()
    let view = cluster.table.view(of: "x")
    cluster.apply(out)
    #expect(!view.take(1, row: 0, cluster.table), "before the row is gone, and before the lane has followed")
    #expect(view.avail[0] == 0)
    cluster.publish()
    #expect(view.count == 0)
  }

  @Test func whoComesBackHasTheSlotsItHad() {
    let cluster = Cluster()
    let worker = Cluster.ref("a")
    cluster.apply(
      Cluster.join("a"), .taken(worker, slots: 3), .suspended(worker), .released(worker, slots: 1), .resumed(worker))
    cluster.publish()
    let view = cluster.table.view(of: "x")
    #expect(view.count == 1 && view.avail[0] == 2)
  }

  @Test func aRestartedWorkerKeepsItsSeatAndStartsEmpty() {
    let cluster = Cluster()
    cluster.apply(Cluster.join("a"), Cluster.join("b"))
    cluster.publish()
    let view = cluster.table.view(of: "x")
    let row = view.rows.firstIndex { $0.ref.name == "a" } ?? 0
    let seat = view.nodes.pointee.seat[row]
    #expect(view.take(4, row: row, cluster.table))
    cluster.apply(Cluster.join("a", incarnation: 2))
    #expect(!view.take(1, row: row, cluster.table), "the old incarnation's row is dead")
    cluster.apply(.released(Cluster.ref("a"), slots: 4))
    cluster.publish()
    let nodes = view.nodes.pointee
    #expect(nodes.incarnation[row] == 2 && nodes.seat[row] == seat && nodes.avail[row] == 4)
    cluster.apply(Cluster.join("a", incarnation: 1))
    cluster.publish()
    #expect(view.nodes.pointee.incarnation[row] == 2, "an older one changes nothing")
  }

  @Test func aSeatPassesOnOnlyWhenAllAttemptsHaveEnded() {
    let cluster = Cluster()
    cluster.apply((0..<64).map { Cluster.join("w\($0)") })
    cluster.publish()
    let view = cluster.table.view(of: "x")
    let row = view.rows.firstIndex { $0.ref.name == "w0" } ?? 0
    let seat = view.nodes.pointee.seat[row]
    #expect(view.take(1, row: row, cluster.table))
    cluster.apply(.left(Cluster.ref("w0")), Cluster.join("x0"))
    cluster.publish()
    #expect(view.row(ofSeat: seat) == nil, "its attempt runs still")
    cluster.apply(.released(Cluster.ref("w0"), slots: 1), Cluster.join("x1"))
    cluster.publish()
    #expect(view.row(ofSeat: seat).map { view.rows[$0].ref.name } == "x1")
  }

  @Test func rowsBeyondTheSeatsOfTheInstancesWait() {
    let cluster = Cluster(seatLimit: 10)
    cluster.apply((0..<25).map { Cluster.join("w\($0)") })
    cluster.publish()
    #expect(cluster.table.view(of: "x").count == 10)
    cluster.table.seatLimit = 64
    cluster.publish()
    #expect(cluster.table.view(of: "x").count == 25)
  }

  @Test func failuresShowInTheRate() {
    let cluster = Cluster()
    cluster.apply(Cluster.join("a"))
    func end(_ kind: PlacementEvent.Kind) -> NodeChange {
      .event(
        PlacementEvent(
          kind: kind, worker: Cluster.ref("a"), instance: .init(rawValue: 1), job: .init(rawValue: 1),
          processor: "noop", attempt: 1, slots: 1, took: .zero))
    }
    cluster.apply(end(.succeeded), end(.failed))
    cluster.publish()
    #expect(cluster.table.view(of: "x").nodes.pointee.fail_rate?[0] == 1.0 / 16)
  }

  /// Every history leaves the columns as a fresh table would show them.
  @Test(arguments: 0..<20)
  func anyHistoryEndsWithTheRightColumns(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let cluster = Cluster()
    var expected: [String: (incarnation: UInt64, used: UInt32, live: Bool)] = [:]
    for _ in 0..<400 {
      let name = "w\(random.below(12))"
      let known = expected[name]
      switch random.below(7) {
      case 0 where known == nil:
        expected[name] = (1, 0, true)
        cluster.apply(Cluster.join(name))
      case 1:
        guard let known else { continue }
        expected[name] = (known.incarnation + 1, 0, true)
        cluster.apply(Cluster.join(name, incarnation: known.incarnation + 1))
      case 2:
        guard let known, known.live, known.used < 4 else { continue }
        expected[name]?.used += 1
        cluster.apply(.taken(Cluster.ref(name, known.incarnation), slots: 1))
      case 3:
        guard let known, known.used > 0 else { continue }
        expected[name]?.used -= 1
        cluster.apply(.released(Cluster.ref(name, known.incarnation), slots: 1))
      case 4:
        guard let known, known.live else { continue }
        expected[name]?.live = false
        cluster.apply(.suspended(Cluster.ref(name, known.incarnation)))
      case 5:
        guard let known, !known.live else { continue }
        expected[name]?.live = true
        cluster.apply(.resumed(Cluster.ref(name, known.incarnation)))
      default:
        cluster.now += Int64(random.below(300)) * 1_000_000
        _ = cluster.table.publish(at: cluster.now)
        cluster.table.view(of: "x").follow(cluster.table)
      }
    }
    cluster.publish()
    let view = cluster.table.view(of: "x")
    view.follow(cluster.table)
    let shown = Dictionary(uniqueKeysWithValues: view.rows.enumerated().map { ($1.ref, view.avail[$0]) })
    let wanted = Dictionary(
      uniqueKeysWithValues: expected.filter(\.value.live).map { (Cluster.ref($0, $1.incarnation), 4 - $1.used) })
    #expect(shown == wanted, "seed \(seed)")
  }
}
