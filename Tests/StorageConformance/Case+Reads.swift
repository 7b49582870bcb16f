import SwitchyardModel
import SwitchyardStorage
import Testing

extension ConformanceCase {
  static let owners = [
    ConformanceCase("due jobs come by time, then identity") { scene in
      // Jobs that share the shard of job 1.
      let mates = (1...UInt64(4_000)).filter { Shard(of: JobID(rawValue: $0)) == scene.home }.prefix(6)
      try #require(mates.count == 6)
      for (number, time) in zip(mates, [30, 10, 20, 10, nil, 5] as [Int64?]) {
        let state: JobState = time == 5 ? .paused : .enabled
        let job = scene.job(number, name: "j\(number)", state: state, nextFire: time)
        try await scene.expect(.applied, .createJob(job))
      }
      let order = [mates[1], mates[3], mates[2], mates[0]]
      func due(until: Int64 = 99, after: DueCursor? = nil, limit: Int = 99) async throws -> [UInt64] {
        try await scene.jobs(.dueJobs(scene.home, until: Timestamp(seconds: until), after: after, limit: limit))
      }
      #expect(try await due() == order)
      #expect(try await due(until: 20) == Array(order.prefix(3)))
      #expect(try await due(until: 9) == [])
      #expect(try await due(limit: 1) == [order[0]])
      #expect(try await due(limit: 0) == [])
      let cursor = DueCursor(nextFire: Timestamp(seconds: 10), job: JobID(rawValue: order[0]))
      #expect(try await due(after: cursor, limit: 2) == [order[1], order[2]])
      let other = Shard(scene.home.number &+ 1)
      #expect(try await scene.jobs(.dueJobs(other, until: .distantFuture, after: nil, limit: 9)) == [])
    },
    ConformanceCase("waiting instances come by rank, when they are ready") { scene in
      try await scene.expect(.applied, .createJob(scene.job()))
      // Rank in seconds: readyAt - 10 * priority.
      for (number, readyAt, priority) in [(2, 50, 0), (3, 60, 2), (4, 50, 0), (5, 500, 46), (6, 10, -4)] {
        try await scene.expect(
          .applied,
          scene.create(scene.instance(UInt64(number), priority: Int32(priority), readyAt: Int64(readyAt))))
      }
      func waiting(_ readyBy: Int64, after: RankCursor? = nil, limit: Int = 99) async throws -> [UInt64] {
        try await scene.instances(
          .waiting(scene.home, readyBy: Timestamp(seconds: readyBy), after: after, limit: limit))
      }
      #expect(try await waiting(1_000) == [3, 5, 2, 4, 6])
      #expect(try await waiting(60) == [3, 2, 4, 6])
      #expect(try await waiting(50, limit: 2) == [2, 4])
      #expect(try await waiting(50, limit: -1) == [])
      let cursor = RankCursor(rank: 50_000_000_000, instance: InstanceID(rawValue: 2))
      #expect(try await waiting(1_000, after: cursor) == [4, 6])
      #expect(try await waiting(1_000, after: cursor, limit: 1) == [4])
      _ = try await scene.apply(scene.dispatch(4), scene.settle(6, from: .waiting, to: .cancelled))
      #expect(try await waiting(1_000) == [3, 5, 2])
    },
    ConformanceCase("queued instances come by identity, until they are dispatched or end") { scene in
      try await scene.expect(.applied, .createJob(scene.job()))
      for number in [6, 2, 4, 8] as [UInt64] {
        try await scene.expect(.applied, scene.create(scene.instance(number, state: .queued)))
      }
      try await scene.expect(.applied, scene.create(scene.instance(3)))
      #expect(try await scene.instances(.queued(scene.home, after: nil, limit: 9)) == [2, 4, 6, 8])
      #expect(try await scene.instances(.queued(scene.home, after: InstanceID(rawValue: 2), limit: 2)) == [4, 6])
      #expect(try await scene.instances(.queued(scene.home, after: nil, limit: 0)) == [])
      #expect(try await scene.instances(.queued(Shard(scene.home.number &+ 1), after: nil, limit: 9)) == [])
      #expect(
        try await scene.instances(.waiting(scene.home, readyBy: .distantFuture, after: nil, limit: 9)) == [3])
      #expect(try await scene.store.activeCounts() == [.waiting: 1, .queued: 4])
      try await scene.expect(.applied, scene.dispatch(2), scene.settle(4, from: .queued, to: .cancelled))
      try await scene.expect(.conflict, scene.settle(6, from: .queued, to: .waiting))
      try await scene.expect(.applied, scene.finish(2, .wait(readyAt: Timestamp(seconds: 20), tries: 1)))
      #expect(try await scene.instances(.queued(scene.home, after: nil, limit: 9)) == [6, 8])
      #expect(
        try await scene.instances(.waiting(scene.home, readyBy: .distantFuture, after: nil, limit: 9)).sorted() == [
          2, 3,
        ])
    },
    ConformanceCase("placed instances come by identity") { scene in
      try await scene.expect(.applied, .createJob(scene.job()))
      for number in [6, 2, 4, 8] as [UInt64] {
        _ = try await scene.apply(scene.create(scene.instance(number)), scene.dispatch(number))
      }
      _ = try await scene.apply(scene.stop(4), scene.finish(8), scene.create(scene.instance(9)))
      #expect(try await scene.instances(.placed(scene.home, after: nil, limit: 9)) == [2, 4, 6])
      #expect(try await scene.instances(.placed(scene.home, after: nil, limit: 2)) == [2, 4])
      #expect(try await scene.instances(.placed(scene.home, after: InstanceID(rawValue: 2), limit: 1)) == [4])
      #expect(try await scene.instances(.placed(Shard(scene.home.number &+ 1), after: nil, limit: 9)) == [])
      #expect(try await scene.instances(.instance(InstanceID(rawValue: 8))) == [8])
      #expect(try await scene.instances(.instance(InstanceID(rawValue: 77))) == [])
      #expect(try await scene.jobs(.job(JobID(rawValue: 77))) == [])
    },
  ]

  static let lists = [
    ConformanceCase("jobs are listed by app and name") { scene in
      let names = [("b", "x"), ("a", "z"), ("a", "y"), ("b", "a"), ("c", "m")]
      for (index, (app, name)) in names.enumerated() {
        try await scene.expect(.applied, .createJob(scene.job(UInt64(index + 1), app: app, name: name)))
      }
      func list(_ app: String?, _ after: (String, String)? = nil, limit: Int = 9) async throws -> [UInt64] {
        let cursor = after.map { JobCursor(app: $0.0, name: $0.1) }
        return try await scene.store.jobs(app: app, after: cursor, limit: limit).map(\.id.rawValue)
      }
      #expect(try await list(nil) == [3, 2, 4, 1, 5])
      #expect(try await list(nil, limit: 2) == [3, 2])
      #expect(try await list(nil, ("a", "z"), limit: 2) == [4, 1])
      #expect(try await list("a") == [3, 2])
      #expect(try await list("a", ("a", "y")) == [2])
      #expect(try await list("b", ("a", "zz")) == [4, 1])
      #expect(try await list("a", ("b", "")) == [])
      #expect(try await list("none") == [])
      #expect(try await list(nil, limit: -3) == [])
    },
    ConformanceCase("instances are listed newest first, under any filter") { scene in
      _ = try await scene.apply(.createJob(scene.job()), .createJob(scene.job(2, app: "z", name: "b")))
      let ends: [InstanceState] = [.succeeded, .failed, .lost, .waiting, .dispatched, .stopping, .held, .queued]
      for number in 10..<UInt64(42) {
        let end = ends[Int(number) % ends.count]
        let job = number % 3 == 0 ? (2 as UInt64, "z") : (1, "app")
        let worker = WorkerRef(name: number % 2 == 0 ? "even" : "odd", incarnation: 1)
        let state: InstanceState = end == .queued ? .queued : .waiting
        _ = try await scene.apply(scene.create(scene.instance(number, job: job.0, app: job.1, state: state)))
        if end.isWaiting { continue }
        _ = try await scene.apply(scene.dispatch(number, to: worker))
        switch end {
        case .dispatched: break
        case .stopping: _ = try await scene.apply(scene.stop(number))
        case .held: _ = try await scene.apply(scene.finish(number, by: worker, .hold))
        default: _ = try await scene.apply(scene.finish(number, by: worker, .end(end)))
        }
      }
      let all = try await scene.store.instances(InstanceFilter(), before: nil, limit: 99)
      #expect(all.map(\.id.rawValue) == (10..<42).reversed())
      let stateSets: [[InstanceState]] = [
        [], [.succeeded], [.waiting], [.stopping, .dispatched], [.failed, .lost, .waiting], [.failed, .failed],
        [.succeeded, .held], [.queued], InstanceState.allCases,
      ]
      for states in stateSets {
        for app in [nil, "app", "none"] {
          for job in [nil, 2 as UInt64] {
            for worker in [nil, "even"] {
              for (before, limit) in [(nil, 99), (30 as UInt64, 4), (UInt64.max, 3), (0, 3), (nil, 0)] {
                let filter = InstanceFilter(
                  app: app, job: job.map(JobID.init(rawValue:)), states: states, worker: worker)
                let expected = all.filter { filter.admits($0) && $0.id.rawValue < (before ?? .max) }.prefix(limit)
                let found = try await scene.store.instances(
                  filter, before: before.map(InstanceID.init(rawValue:)), limit: limit)
                #expect(found == Array(expected), "\(filter), before \(before as Any), limit \(limit)")
              }
            }
          }
        }
      }
      #expect(
        try await scene.store.activeCounts() == [.waiting: 4, .queued: 4, .dispatched: 4, .stopping: 4, .held: 4])
    },
    ConformanceCase("the record of a due time is found from any time up to the next") { scene in
      _ = try await scene.apply(.createJob(scene.job()), .createJob(scene.job(2, name: "b")))
      for (number, due) in [(2, 30), (3, 10), (4, 20)] as [(UInt64, Int64)] {
        let occurrence = Occurrence.due(Timestamp(seconds: due))
        try await scene.expect(.applied, scene.create(scene.instance(number, occurrence: occurrence)))
      }
      for (number, occurrence) in [(5, Occurrence.key("15")), (6, .after(InstanceID(rawValue: 2)))] {
        try await scene.expect(.applied, scene.create(scene.instance(UInt64(number), occurrence: occurrence)))
      }
      try await scene.expect(
        .applied, scene.create(scene.instance(7)),
        scene.create(scene.instance(8, job: 2, occurrence: .due(Timestamp(seconds: 25)))))
      func found(_ seconds: Int64, job: UInt64 = 1) async throws -> UInt64? {
        let record = try await scene.store.dueRecord(of: JobID(rawValue: job), by: Timestamp(seconds: seconds))
        return record?.id.rawValue
      }
      #expect(try await found(9) == nil)
      #expect(try await found(10) == 3)
      #expect(try await found(19) == 3)
      #expect(try await found(29) == 4)
      #expect(try await found(9_000) == 2)
      #expect(try await found(29, job: 2) == 8)
      #expect(try await found(29, job: 3) == nil)
    },
    ConformanceCase("nothing is active in an empty store") { scene async throws in
      #expect(try await scene.store.activeCounts() == [:])
      #expect(try await scene.store.policies() == [])
      #expect(try await scene.store.instances(InstanceFilter(), before: nil, limit: 9) == [])
    },
  ]

  static let values = [
    ConformanceCase("text is kept byte by byte") { scene in
      try await scene.expect(.applied, .createJob(scene.job()))
      let texts = [
        "", "a\0b", "\0", "é", "e\u{301}", "👩‍👩‍👧", "\u{FEFF}x", "'; DROP TABLE jobs; --",
        String(repeating: "x", count: 65_536),
      ]
      for (index, text) in texts.enumerated() {
        let number = UInt64(10 + index)
        var instance = scene.instance(number, occurrence: .key(text))
        instance.parameters = text
        let results = try await scene.apply(
          scene.create(instance), scene.dispatch(number, to: WorkerRef(name: text, incarnation: 3)),
          scene.finish(number, by: WorkerRef(name: text, incarnation: 3), result: text, detail: text))
        #expect(results == [.applied, .applied, .applied], "\(index)")
        let stored = try await scene.stored(number)
        for value in [stored.parameters, stored.result, stored.detail, stored.worker?.name] {
          #expect(value.map { Array($0.utf8) } == Array(text.utf8), "\(index)")
        }
        #expect(Array(stored.occurrence.text.utf8) == Array("key:\(text)".utf8))
      }
      let accented = InstanceFilter(worker: "e\u{301}")
      #expect(try await scene.store.instances(accented, before: nil, limit: 9).map(\.id.rawValue) == [14])
    },
    ConformanceCase("numbers are kept to their ends") { scene in
      try await scene.expect(.applied, .createJob(scene.job()))
      let ends: [(Timestamp, Int32)] = [
        (.distantPast, .max), (.distantFuture, .min), (.distantPast, .min), (.distantFuture, .max),
      ]
      for (index, (time, priority)) in ends.enumerated() {
        var instance = scene.instance(UInt64(20 + index), priority: priority)
        instance.readyAt = time
        instance.dueAt = time
        instance.createdAt = time
        instance.tries = .max
        try await scene.expect(.applied, scene.create(instance))
        #expect(try await scene.stored(instance.id.rawValue) == instance)
      }
      let page = OwnerRead.waiting(scene.home, readyBy: .distantFuture, after: nil, limit: 9)
      #expect(try await scene.instances(page) == [20, 22, 23, 21].sorted { rank($0) < rank($1) })
      func rank(_ number: UInt64) -> (Int64, UInt64) {
        let (time, priority) = ends[Int(number) - 20]
        return (Instance.rank(readyAt: time, priority: priority), number)
      }
      var last = scene.instance(30)
      last.attempt = .max
      try await scene.expect(.applied, scene.create(last))
      try await scene.expect(.conflict, scene.dispatch(30, attempt: .max))
      try await scene.expect(.applied, scene.create(scene.instance(1 << 63 - 1)))
      #expect(try await scene.store.instance(InstanceID(rawValue: .max)) == nil)
      let newest = try await scene.store.instances(InstanceFilter(), before: InstanceID(rawValue: .max), limit: 1)
      #expect(newest.map(\.id.rawValue) == [1 << 63 - 1])
    },
  ]
}
