import CPluginHost
package import SwitchyardModel
import Synchronization

/// Knows every worker: gives seats, keeps credits, interns texts, and tells the lanes what changed.
///
/// Lanes never read it. One thread feeds it with the core's changes; another may make it look at new columns. What
/// `emit` gets, it gets in one order, under the directory's lock.
package final class NodeDirectory: Sendable {
  /// Names that one worker may report.
  package static let metricLimit = 256

  package let credits: Credits
  private let interner: Interner
  private let columns: ColumnCatalogue
  private let state: Mutex<State>

  /// One object, since most changes look at a word of it; another for each joining.
  private final class Worker {
    let profile: WorkerProfile
    let session: UInt64
    var row: NodeRow
    let joined: Monotonic
    var numbers: [String: Double] = [:]
    var texts: [String: String] = [:]
    var tags: [String] = []
    var failRate: Float = .nan
    /// Gone, but not all of its attempts have ended: the seat is not free.
    var leftAt: Monotonic?

    init(profile: WorkerProfile, session: UInt64, row: NodeRow, joined: Monotonic) {
      self.profile = profile
      self.session = session
      self.row = row
      self.joined = joined
    }
  }

  private struct State {
    var workers: [String: Worker] = [:]
    /// Seats that nobody sits on, in the order in which they became free.
    var vacant: [UInt32] = []
    var nextSeat: UInt32 = 0
    var lastEpoch: UInt32 = 0
    var judge = SiteJudge()
    var tagColumns: [String] = []
    var textColumns: [String] = []
    var numberColumns: [String] = []
    var numberIndex: [String: UInt32] = [:]
    var refused: UInt64 = 0
  }

  package init(interner: Interner, columns: ColumnCatalogue, credits: Credits = Credits()) {
    self.interner = interner
    self.columns = columns
    self.credits = credits
    state = Mutex(State())
  }

  /// One more than the highest seat that was ever given.
  package var seatCount: UInt32 { state.withLock { $0.nextSeat } }
  /// Workers that found no seat.
  package var refused: UInt64 { state.withLock { $0.refused } }

  /// - Parameters:
  ///   - wantsEvents: whether any strategy observes.
  ///   - emit: called with the updates, under the lock.
  /// - Returns: how many seats there are, and when sites want to be judged though nothing happens.
  @discardableResult
  package func apply(
    _ changes: [NodeChange], at now: Monotonic, wantsEvents: Bool, emit: ([NodeUpdate]) -> Void
  ) -> (seats: UInt32, judgeAt: Monotonic) {
    state.withLock { state in
      var updates: [NodeUpdate] = []
      updates.reserveCapacity(changes.count)
      for change in changes { apply(change, now, wantsEvents, &state, &updates) }
      if let sites = state.judge.judge(at: now) { updates.append(.sites(sites)) }
      emit(updates)
      return (state.nextSeat, state.judge.deadline)
    }
  }

  /// Sites are judged by time too.
  ///
  /// - Returns: when to call again; `.max`: after the next change.
  package func judgeSites(at now: Monotonic, emit: ([NodeUpdate]) -> Void) -> Monotonic {
    state.withLock { state in
      if let sites = state.judge.judge(at: now) { emit([.sites(sites)]) }
      return state.judge.deadline
    }
  }

  /// Somebody may have subscribed to columns: hands out what is known under their names.
  package func refreshColumns(emit: ([NodeUpdate]) -> Void) {
    state.withLock { state in
      let tags = columns.names(.tag), texts = columns.names(.text), numbers = columns.names(.number)
      guard
        tags.count != state.tagColumns.count || texts.count != state.textColumns.count
          || numbers.count != state.numberColumns.count
      else { return }
      let freshTexts = Set(texts[state.textColumns.count...]), freshNumbers = numbers[state.numberColumns.count...]
      for (offset, name) in freshNumbers.enumerated() {
        state.numberIndex[name] = UInt32(state.numberColumns.count + offset)
      }
      state.tagColumns = tags
      state.textColumns = texts
      state.numberColumns = numbers
      var updates: [NodeUpdate] = [
        .columns(tags: tags, texts: texts.count, numbers: numbers.count)
      ]
      for worker in state.workers.values where worker.leftAt == nil {
        if !freshTexts.isDisjoint(with: worker.texts.keys) {
          renew(worker, state)
          updates.append(.row(worker.row))
        }
        if freshNumbers.contains(where: { worker.numbers[$0] != nil }) {
          updates.append(.load(load(of: worker, only: Set(freshNumbers), state)))
        }
      }
      emit(updates)
    }
  }

  private func apply(
    _ change: NodeChange, _ now: Monotonic, _ wantsEvents: Bool, _ state: inout State, _ updates: inout [NodeUpdate]
  ) {
    switch change {
    case .joined(let ref, let profile, let session): join(ref, profile, session, now, &state, &updates)
    case .metrics(let ref, let metrics): measure(ref, metrics, now, &state, &updates)
    case .draining(let ref): move(ref, to: .draining, now, &state, &updates)
    case .suspended(let ref): move(ref, to: .suspended, now, &state, &updates)
    case .resumed(let ref): move(ref, to: .live, now, &state, &updates)
    case .left(let ref): leave(ref, now, &state, &updates)
    case .taken(let ref, let slots):
      guard let worker = current(ref, state) else { return }
      credits.force(slots, seat: worker.row.seat)
      updates.append(.credit(seat: worker.row.seat))
    case .released(let ref, let slots): release(ref, slots, &state, &updates)
    case .event(let event):
      guard let worker = current(event.worker, state) else { return }
      if rate(event.kind, worker) {
        updates.append(.load(load(of: worker, only: [], state)))
      }
      if wantsEvents {
        let type = interner.number(event.processor, from: .worker(event.worker.name))
        updates.append(.event(event, seat: worker.row.seat, id: worker.row.id, type: type))
      }
    }
  }

  /// The worker, if this is the incarnation that is known; also when it has left with attempts under way.
  private func current(_ ref: WorkerRef, _ state: State) -> Worker? {
    guard let worker = state.workers[ref.name], worker.row.ref == ref else { return nil }
    return worker
  }
}

// MARK: Coming and going

extension NodeDirectory {
  private func join(
    _ ref: WorkerRef, _ profile: WorkerProfile, _ session: UInt64, _ now: Monotonic, _ state: inout State,
    _ updates: inout [NodeUpdate]
  ) {
    let known = state.workers[ref.name]
    if let known, known.row.ref.incarnation > ref.incarnation { return }
    // The same name is the same node: it keeps its seat, and strategies what they know of it.
    guard let seat = known?.row.seat ?? vacantSeat(now, &state) else {
      state.refused += 1
      return
    }
    let isSame = known?.row.ref == ref && known?.leftAt == nil
    let taken = isSame ? (known?.profile.slots ?? 0) - min(known?.profile.slots ?? 0, credits.anyFree(seat: seat)) : 0
    if let known, known.leftAt == nil {
      state.judge.move(ref.name, site: known.row.site, from: known.row.state, to: nil, at: now)
    }
    let placeholder = NodeRow(
      ref: ref, state: .live, seat: seat, epoch: 0, id: 0, joined: now, name: 0, site: 0, rack: 0, version: 0,
      slots: 0, weight: 1, tags: [], processors: [], apps: [], texts: [])
    let worker = Worker(
      profile: profile, session: session, row: placeholder, joined: isSame ? known?.joined ?? now : now)
    if let known {
      worker.failRate = known.failRate
      if isSame {
        worker.numbers = known.numbers
        worker.texts = known.texts
        worker.tags = known.tags
      }
    }
    for label in profile.labels.prefix(Self.metricLimit) {
      worker.texts[label.key] = label.text
      if let number = Double(label.text), number.isFinite { worker.numbers[label.key] = number }
    }
    state.lastEpoch &+= 1
    renew(worker, state, state: .live, epoch: state.lastEpoch)
    credits.set(seat: seat, epoch: worker.row.epoch, free: profile.slots - min(profile.slots, taken))
    state.workers[ref.name] = worker
    state.judge.move(ref.name, site: worker.row.site, from: nil, to: .live, at: now)
    updates.append(.row(worker.row))
    updates.append(.load(load(of: worker, only: nil, state)))
  }

  private func move(
    _ ref: WorkerRef, to next: NodeRow.State, _ now: Monotonic, _ state: inout State, _ updates: inout [NodeUpdate]
  ) {
    guard let worker = current(ref, state), worker.leftAt == nil else { return }
    // Who drains goes on draining when its stream breaks.
    let next = worker.row.state == .draining && next == .suspended ? NodeRow.State.draining : next
    state.judge.move(ref.name, site: worker.row.site, from: worker.row.state, to: next, at: now)
    state.lastEpoch &+= 1
    // Slots are counted by picks, `taken` and `released` alone: a pick may be under way while its worker comes and goes.
    credits.set(seat: worker.row.seat, epoch: state.lastEpoch, free: credits.anyFree(seat: worker.row.seat))
    renew(worker, state, state: next, epoch: state.lastEpoch)
    updates.append(.row(worker.row))
  }

  private func leave(_ ref: WorkerRef, _ now: Monotonic, _ state: inout State, _ updates: inout [NodeUpdate]) {
    guard let worker = current(ref, state), worker.leftAt == nil else { return }
    // Who was drained, or lives, leaves in peace; whose stream had broken was lost.
    let isLost = worker.row.state == .suspended
    state.judge.move(ref.name, site: worker.row.site, from: worker.row.state, to: nil, isLost: isLost, at: now)
    state.lastEpoch &+= 1
    let seat = worker.row.seat
    credits.set(seat: seat, epoch: state.lastEpoch, free: credits.anyFree(seat: seat))
    worker.leftAt = now
    updates.append(.left(seat: seat))
    vacateIfDone(worker, &state)
  }

  private func release(
    _ ref: WorkerRef, _ slots: UInt32, _ state: inout State, _ updates: inout [NodeUpdate]
  ) {
    guard let worker = current(ref, state) else { return }
    _ = credits.give(slots, seat: worker.row.seat, of: worker.profile.slots)
    if worker.leftAt == nil {
      updates.append(.credit(seat: worker.row.seat))
    } else {
      vacateIfDone(worker, &state)
    }
  }

  /// A seat passes on only when every attempt of the node has ended (rule 4).
  private func vacateIfDone(_ worker: Worker, _ state: inout State) {
    guard credits.anyFree(seat: worker.row.seat) >= worker.profile.slots else { return }
    state.workers[worker.row.ref.name] = nil
    state.vacant.append(worker.row.seat)
  }

  private func vacantSeat(_ now: Monotonic, _ state: inout State) -> UInt32? {
    if state.nextSeat < 64 || state.vacant.isEmpty, state.nextSeat < Credits.seatLimit {
      state.nextSeat += 1
      return state.nextSeat - 1
    }
    if state.vacant.isEmpty {
      // The table is full: seats of those whose attempts nobody has ended for long are taken back.
      let forgotten = state.workers.values.filter { now - ($0.leftAt ?? now) > Span.seconds(900).nanoseconds }
      for worker in forgotten {
        state.workers[worker.row.ref.name] = nil
        state.vacant.append(worker.row.seat)
      }
    }
    return state.vacant.isEmpty ? nil : state.vacant.removeFirst()
  }
}

// MARK: What a worker says of itself

extension NodeDirectory {
  private func measure(
    _ ref: WorkerRef, _ metrics: WorkerMetrics, _ now: Monotonic, _ state: inout State,
    _ updates: inout [NodeUpdate]
  ) {
    guard let worker = current(ref, state), worker.leftAt == nil else { return }
    for number in metrics.numbers {
      if number.value.isFinite {
        if worker.numbers[number.name] != nil || worker.numbers.count < Self.metricLimit {
          worker.numbers[number.name] = number.value
        }
      } else {
        worker.numbers[number.name] = nil
      }
    }
    var isOther = metrics.numbers.contains { $0.name == "weight" }
    for text in metrics.texts where text.text.utf8.count <= Interner.textLimit {
      guard worker.texts[text.key] ?? "" != text.text else { continue }
      if text.text.isEmpty {
        worker.texts[text.key] = nil
      } else if worker.texts[text.key] != nil || worker.texts.count < Self.metricLimit {
        worker.texts[text.key] = text.text
      }
      isOther = isOther || text.key == "site" || text.key == "rack" || state.textColumns.contains(text.key)
    }
    if let tags = metrics.tags, tags != worker.tags {
      worker.tags = Array(tags.prefix(Self.metricLimit))
      isOther = true
    }
    if isOther {
      let before = worker.row
      renew(worker, state)
      if worker.row.site != before.site {
        state.judge.move(ref.name, site: before.site, from: before.state, to: nil, at: now)
        state.judge.move(ref.name, site: worker.row.site, from: nil, to: before.state, at: now)
      }
      updates.append(.row(worker.row))
    }
    updates.append(.load(load(of: worker, only: Set(metrics.numbers.map(\.name)), state)))
  }

  /// - Returns: whether the rate has changed.
  private func rate(_ kind: PlacementEvent.Kind, _ worker: Worker) -> Bool {
    let sample: Float
    switch kind {
    case .succeeded: sample = 0
    case .failed, .timedOut, .lost: sample = 1
    case .dispatched, .accepted, .rejected, .stopped: return false
    }
    // Of about the last sixteen attempts.
    let rate = worker.failRate.isNaN ? sample : worker.failRate + (sample - worker.failRate) / 16
    guard rate != worker.failRate else { return false }
    worker.failRate = rate < 1e-4 ? 0 : rate
    return true
  }

  /// - Parameter only: names of numbers; nil: all.
  private func load(of worker: Worker, only: Set<String>?, _ state: State) -> NodeLoad {
    var numbers: [NodeLoad.Number] = []
    if let only {
      for name in only {
        guard let column = state.numberIndex[name] else { continue }
        numbers.append(.init(column: column, value: worker.numbers[name].map { Float($0) } ?? .nan))
      }
    } else {
      for (name, column) in state.numberIndex {
        numbers.append(.init(column: column, value: worker.numbers[name].map { Float($0) } ?? .nan))
      }
    }
    return NodeLoad(
      seat: worker.row.seat, cpu: worker.numbers["cpu"].map { Float($0) } ?? .nan,
      mem: worker.numbers["mem"].map { Float($0) } ?? .nan, failRate: worker.failRate, numbers: numbers)
  }

  /// Makes the row anew from what is known. What the worker was configured with goes before what it measures.
  private func renew(
    _ worker: Worker, _ state: State, state next: NodeRow.State? = nil, epoch: UInt32? = nil
  ) {
    let profile = worker.profile, old = worker.row
    let weight = profile.weight != 1 ? profile.weight : worker.numbers["weight"] ?? 1
    func number(_ text: String) -> UInt32 { interner.number(text, from: .worker(old.ref.name)) }
    worker.row = NodeRow(
      ref: old.ref, state: next ?? old.state, seat: old.seat, epoch: epoch ?? old.epoch,
      id: nodeID(old.ref.name), joined: worker.joined, name: number(old.ref.name),
      site: number(profile.site ?? worker.texts["site"] ?? ""),
      rack: number(profile.rack ?? worker.texts["rack"] ?? ""), version: number(profile.version),
      slots: profile.slots, weight: weight.isFinite && weight >= 0 ? Float(min(weight, 1e6)) : 1,
      tags: Set(profile.tags + worker.tags), processors: Set(profile.processors),
      apps: profile.apps.contains("*") ? [] : profile.apps,
      texts: state.textColumns.map { worker.texts[$0].map(number) ?? 0 })
  }
}

/// The identity of a node: XXH3-64 of its name, the same on every server and after a restart.
package func nodeID(_ name: String) -> UInt64 {
  var name = name
  return name.withUTF8 { ph_xxh3($0.baseAddress, $0.count) }
}
