import SwitchyardModel
import SwitchyardStorage
import Testing

extension ConformanceCase {
  static let instances = [
    ConformanceCase("an instance is stored as given") { scene in
      try await scene.expect(.applied, .createJob(scene.job()))
      var instance = scene.instance(2, occurrence: .key("k"), priority: -7, readyAt: 9)
      instance.parameters = "{\"a\":1}"
      instance.detail = "why"
      try await scene.expect(.applied, scene.create(instance))
      #expect(try await scene.stored(2) == instance)
      #expect(try await scene.store.instance(InstanceID(rawValue: 3)) == nil)
      let page = try await scene.page(.instance(instance.id))
      #expect(page.first?.instance == instance && page.first?.definition.spec == scene.job().spec)
    },
    ConformanceCase("(job, occurrence) is unique, whatever form it has") { scene in
      _ = try await scene.apply(.createJob(scene.job()), .createJob(scene.job(2, name: "b")))
      let forms: [Occurrence] = [
        .key("k"), .due(Timestamp(seconds: 5)), .due(.distantPast), .after(InstanceID(rawValue: 4)),
        Occurrence(text: "@05"), Occurrence(text: "@+5"), Occurrence(text: "5"), Occurrence(text: ""),
      ]
      for (index, form) in forms.enumerated() {
        let number = UInt64(100 + 10 * index)
        try await scene.expect(.applied, scene.create(scene.instance(number, occurrence: form)))
        try await scene.expect(
          .duplicate(number), scene.create(scene.instance(number, occurrence: form)),
          scene.create(scene.instance(number + 1, occurrence: form)))
        let elsewhere = scene.instance(number + 2, job: 2, occurrence: form)
        try await scene.expect(.applied, scene.create(elsewhere))
        #expect(try await scene.stored(number).occurrence == form)
      }
    },
    ConformanceCase("what an instance cannot begin as") { scene in
      _ = try await scene.apply(.createJob(scene.job()), scene.create(scene.instance(2)))
      try await scene.expect(.duplicate(2), scene.create(scene.instance(2)))
      try await scene.expect(
        .conflict, scene.create(scene.instance(2, occurrence: .key("k"))), scene.create(scene.instance(3, job: 9)),
        scene.create(scene.instance(3, app: "other")), scene.create(scene.instance(3, version: 0)),
        scene.create(scene.instance(3, version: 2)), scene.create(scene.instance(1 << 63)),
        scene.create(scene.instance(3, occurrence: .submitted(InstanceID(rawValue: 4)))),
        scene.create(scene.instance(3, occurrence: Occurrence(text: "id:"))))
      for state in InstanceState.allCases where !state.isWaiting && state != .skipped {
        try await scene.expect(.conflict, scene.create(scene.instance(3, state: state)))
      }
      try await scene.expect(.applied, scene.state(.paused), scene.create(scene.instance(4)))
      try await scene.expect(.applied, scene.state(.deleted))
      try await scene.expect(.conflict, scene.create(scene.instance(5)))
      try await scene.expect(.duplicate(4), scene.create(scene.instance(4)))
    },
    ConformanceCase("an instance keeps the version it was made for") { scene in
      try await scene.expect(.applied, .createJob(scene.job()), .editJob(scene.job(version: 2)))
      try await scene.expect(
        .applied, scene.create(scene.instance(2, version: 1)), scene.create(scene.instance(3, version: 2)))
      let page = try await scene.page(.waiting(scene.home, readyBy: .distantFuture, after: nil, limit: 9))
      #expect(page.map(\.definition.number) == [1, 2])
      #expect(page.map(\.definition.spec) == [scene.job().spec, scene.job(version: 2).spec])
    },
    ConformanceCase("the state machine goes where it may and nowhere else") { scene in
      try await scene.expect(.applied, .createJob(scene.job()))
      var number: UInt64 = 10
      for from in InstanceState.allCases {
        for to in InstanceState.allCases {
          for verb in Move.all {
            number += 1
            let attempt = try await scene.bring(number, to: from)
            let changed = try await scene.apply(verb.make(scene, number, attempt, from, to)) == [.applied]
            let state = try await scene.stored(number).state
            let legal = verb.covers(from, to) && from.mayBecome(to)
            #expect(changed == legal, "\(verb) from \(from) to \(to)")
            #expect(state == (legal ? to : from), "\(verb) from \(from) to \(to)")
          }
        }
      }
    },
  ]
}

extension Scene {
  /// Makes an instance that is in `state`.
  ///
  /// - Returns: its attempt.
  fileprivate func bring(_ number: UInt64, to state: InstanceState) async throws -> UInt32 {
    switch state {
    case .waiting, .queued, .skipped: try await expect(.applied, create(instance(number, state: state)))
    case .cancelled, .expired:
      try await expect(.applied, create(instance(number)), settle(number, from: .waiting, to: state))
    case .dispatched: try await expect(.applied, create(instance(number)), dispatch(number))
    case .stopping: try await expect(.applied, create(instance(number)), dispatch(number), stop(number))
    case .held: try await expect(.applied, create(instance(number)), dispatch(number), finish(number, .hold))
    default: try await expect(.applied, create(instance(number)), dispatch(number), finish(number, .end(state)))
    }
    return try await stored(number).attempt
  }
}

/// A verb that changes the state of an instance.
private enum Move: CaseIterable {
  case dispatch, finish, settle, stop
  static var all: [Move] { allCases }

  func covers(_ from: InstanceState, _ to: InstanceState) -> Bool {
    switch self {
    case .dispatch: to == .dispatched
    case .finish: (from == .dispatched || from == .stopping) && to != .stopping && to != .dispatched
    case .settle: (from.isWaiting || from == .held) && to != .dispatched
    case .stop: to == .stopping
    }
  }

  func make(
    _ scene: Scene, _ number: UInt64, _ attempt: UInt32, _ from: InstanceState, _ to: InstanceState
  ) -> StoreOp.Verb {
    switch self {
    // Asked for something that they cannot do, these two are given what is never right.
    case .dispatch: scene.dispatch(number, attempt: to == .dispatched ? attempt : attempt + 9)
    case .stop: scene.stop(number, attempt: to == .stopping ? attempt : attempt + 9)
    case .settle: scene.settle(number, attempt: attempt, from: from, to: to)
    case .finish:
      switch to {
      case .waiting: scene.finish(number, attempt: attempt, .wait(readyAt: Timestamp(seconds: 20), tries: 1))
      case .held: scene.finish(number, attempt: attempt, .hold)
      default: scene.finish(number, attempt: attempt, .end(to))
      }
    }
  }
}
