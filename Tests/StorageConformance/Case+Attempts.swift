import SwitchyardModel
import SwitchyardStorage
import Testing

extension ConformanceCase {
  static let attempts = [
    ConformanceCase("a dispatch counts the attempt and binds the worker") { scene in
      _ = try await scene.apply(.createJob(scene.job()), scene.create(scene.instance(2)))
      try await scene.expect(
        .conflict, scene.dispatch(2, attempt: 1), scene.dispatch(3), scene.dispatch(2, attempt: .max))
      try await scene.expect(.applied, scene.dispatch(2))
      try await scene.expect(.conflict, scene.dispatch(2), scene.dispatch(2, attempt: 1))
      let instance = try await scene.stored(2)
      #expect(instance.state == .dispatched && instance.attempt == 1 && instance.worker == scene.worker)
      #expect(instance.dispatchedAt == Timestamp(seconds: 10) && instance.startedAt == nil)
    },
    ConformanceCase("a result counts only from the attempt and the incarnation that has it") { scene in
      _ = try await scene.apply(.createJob(scene.job()), scene.create(scene.instance(2)))
      try await scene.expect(.conflict, scene.finish(2), scene.finish(2, attempt: 0), scene.finish(9))
      try await scene.expect(.applied, scene.dispatch(2))
      for next in [.end(.succeeded), .wait(readyAt: Timestamp(seconds: 1), tries: 1), .hold] as [Finish.Next] {
        try await scene.expect(
          .conflict, scene.finish(2, attempt: 0, next), scene.finish(2, attempt: 2, next),
          scene.finish(2, by: WorkerRef(name: "w", incarnation: 4), next),
          scene.finish(2, by: WorkerRef(name: "v", incarnation: 3), next))
      }
      #expect(try await scene.store.attempts(of: InstanceID(rawValue: 2)) == [])
      try await scene.expect(.applied, scene.finish(2, result: "out", detail: "fine"))
      try await scene.expect(.conflict, scene.finish(2), scene.finish(2, .hold))
      let instance = try await scene.stored(2)
      #expect(instance.state == .succeeded && instance.result == "out" && instance.detail == "fine")
      #expect(instance.startedAt == Timestamp(seconds: 11) && instance.endedAt == Timestamp(seconds: 12))
      #expect(try await scene.store.attempts(of: instance.id) == [])
    },
    ConformanceCase("attempts that another followed are history") { scene in
      _ = try await scene.apply(
        .createJob(scene.job()), scene.create(scene.instance(2, priority: 1)), scene.dispatch(2))
      try await scene.expect(
        .applied, scene.finish(2, .wait(readyAt: Timestamp(seconds: 100), tries: 1), result: "no", detail: "exit 3"))
      var instance = try await scene.stored(2)
      #expect(instance.state == .waiting && instance.tries == 1 && instance.attempt == 1)
      #expect(instance.readyAt == Timestamp(seconds: 100) && instance.detail == "exit 3" && instance.result == nil)
      #expect(instance.worker == scene.worker && instance.dispatchedAt == nil && instance.endedAt == nil)
      try await scene.expect(.conflict, scene.dispatch(2))
      let second = WorkerRef(name: "v", incarnation: 9)
      try await scene.expect(.applied, scene.dispatch(2, attempt: 1, to: second))
      #expect(try await scene.stored(2).detail == nil)
      try await scene.expect(.applied, scene.finish(2, attempt: 2, by: second, .hold, detail: "lost"))
      instance = try await scene.stored(2)
      #expect(instance.state == .held && instance.tries == 1 && instance.readyAt == Timestamp(seconds: 100))
      let history = try await scene.store.attempts(of: instance.id)
      #expect(
        history == [
          PastAttempt(
            number: 1, worker: scene.worker, dispatchedAt: Timestamp(seconds: 10), startedAt: Timestamp(seconds: 11),
            endedAt: Timestamp(seconds: 12), outcome: .failed, detail: "exit 3"),
          PastAttempt(
            number: 2, worker: second, dispatchedAt: Timestamp(seconds: 10), startedAt: Timestamp(seconds: 11),
            endedAt: Timestamp(seconds: 12), outcome: .failed, detail: "lost"),
        ])
      try await scene.expect(
        .conflict, scene.settle(2, attempt: 1, from: .held, to: .waiting),
        scene.settle(2, attempt: 2, from: .waiting, to: .cancelled))
      try await scene.expect(.applied, scene.settle(2, attempt: 2, from: .held, to: .waiting))
      instance = try await scene.stored(2)
      #expect(instance.readyAt == Timestamp(seconds: 13) && instance.detail == "settled" && instance.endedAt == nil)
      let cursor = RankCursor(rank: 2_999_999_999, instance: InstanceID(rawValue: 1))
      let page = try await scene.instances(
        .waiting(scene.home, readyBy: .distantFuture, after: cursor, limit: 9))
      #expect(page == [2])
    },
    ConformanceCase("a wish to stop is kept once") { scene in
      _ = try await scene.apply(.createJob(scene.job()), scene.create(scene.instance(2)))
      try await scene.expect(.conflict, scene.stop(2, attempt: 0), scene.stop(9))
      try await scene.expect(.applied, scene.dispatch(2))
      try await scene.expect(.conflict, scene.stop(2, attempt: 0), scene.stop(2, attempt: 2))
      try await scene.expect(.applied, scene.stop(2))
      try await scene.expect(.duplicate(nil), scene.stop(2))
      try await scene.expect(.conflict, scene.stop(2, attempt: 0), scene.finish(2, .hold))
      try await scene.expect(.applied, scene.finish(2, .end(.succeeded)))
      try await scene.expect(.conflict, scene.stop(2))
    },
    ConformanceCase("a settlement ends what waits") { scene in
      _ = try await scene.apply(.createJob(scene.job()), scene.create(scene.instance(2)))
      try await scene.expect(
        .conflict, scene.settle(2, attempt: 1, from: .waiting, to: .cancelled),
        scene.settle(2, from: .held, to: .cancelled), scene.settle(9, from: .waiting, to: .cancelled))
      try await scene.expect(.applied, scene.settle(2, from: .waiting, to: .expired))
      let instance = try await scene.stored(2)
      #expect(instance.state == .expired && instance.endedAt == Timestamp(seconds: 13) && instance.detail == "settled")
      try await scene.expect(.conflict, scene.settle(2, from: .waiting, to: .expired), scene.dispatch(2))
    },
  ]
}
