package import SwitchyardModel

/// The nodes as one lane knows them, and the views it shows to strategies. Belongs to the lane's thread.
///
/// Rows that come or go are published at most every `publishEvery` (a worker that may take no more is full at once, by
/// its credits), load likewise, and what only changes labels, tags or weights every `generationEvery`: so that one
/// flapping label does not have every ring rebuilt (rule 7).
package final class LaneTable {
  package let credits: Credits
  private let publishEvery: Int64
  private let generationEvery: Int64
  let hereSite: UInt32
  let hereRack: UInt32

  /// By seat, as are the next three.
  package private(set) var rows: [NodeRow?] = []
  private(set) var cpu: [Float] = []
  private(set) var mem: [Float] = []
  private(set) var failRate: [Float] = []
  /// By column, then by seat.
  private(set) var numbers: [[Float]] = []
  private(set) var tagColumns: [String] = []
  private(set) var textCount = 0
  private(set) var numberCount = 0
  private(set) var sites: [SiteState] = []

  /// Seats by ascending id of who sits there; rebuilt with the rows.
  private var order: [UInt32] = []
  /// Apps that workers name.
  private var named: Set<String> = []
  /// By app; "" is what apps see that no worker names.
  private var views: [String: NodeView] = [:]
  /// Strategies made room for this many seats; rows beyond have to wait.
  package var seatLimit: UInt32 {
    didSet { rowsChanged = rowsChanged || seatLimit != oldValue }
  }

  private var rowsChanged = false
  private var staticsChanged = false
  private var sitesChanged = false
  private var loaded: Set<UInt32> = []
  private var lastPublished: Monotonic = .min / 2
  private var lastGeneration: Monotonic = .min / 2
  private var generation: UInt64 = 0
  private var tick: UInt64 = 0

  private static let logSize = 4_096
  private var log = [UInt32](repeating: 0, count: LaneTable.logSize)
  package private(set) var creditLogEnd: UInt64 = 0

  package init(
    credits: Credits, seatLimit: UInt32, publishEvery: Span, generationEvery: Span, hereSite: UInt32 = 0,
    hereRack: UInt32 = 0
  ) {
    self.credits = credits
    self.seatLimit = seatLimit
    self.publishEvery = publishEvery.nanoseconds
    self.generationEvery = generationEvery.nanoseconds
    self.hereSite = hereSite
    self.hereRack = hereRack
  }

  // MARK: What comes in

  package func apply(_ update: NodeUpdate) {
    switch update {
    case .row(let row): set(row)
    case .left(let seat):
      guard seat < rows.count else { return }
      rows[Int(seat)] = nil
      (cpu[Int(seat)], mem[Int(seat)], failRate[Int(seat)]) = (.nan, .nan, .nan)
      for column in numbers.indices where Int(seat) < numbers[column].count { numbers[column][Int(seat)] = .nan }
      rowsChanged = true
      creditChanged(seat: seat)
    case .load(let load): set(load)
    case .credit(let seat): creditChanged(seat: seat)
    case .columns(let tags, let texts, let numbers):
      tagColumns = tags
      textCount = texts
      numberCount = numbers
      while self.numbers.count < numbers { self.numbers.append([]) }
      staticsChanged = true
      // Whoever subscribed is about to go live and wants them soon.
      lastGeneration = .min / 2
    case .sites(let sites):
      self.sites = sites
      sitesChanged = true
    case .event: break
    }
  }

  private func set(_ row: NodeRow) {
    let seat = Int(row.seat)
    while rows.count <= seat {
      rows.append(nil)
      cpu.append(.nan)
      mem.append(.nan)
      failRate.append(.nan)
    }
    if let old = rows[seat], old.ref == row.ref, old.state == row.state, old.epoch == row.epoch {
      staticsChanged = true
    } else {
      rowsChanged = true
    }
    rows[seat] = row
    creditChanged(seat: row.seat)
  }

  private func set(_ load: NodeLoad) {
    let seat = Int(load.seat)
    guard seat < rows.count else { return }
    (cpu[seat], mem[seat], failRate[seat]) = (load.cpu, load.mem, load.failRate)
    for number in load.numbers where Int(number.column) < numbers.count {
      let column = Int(number.column)
      if numbers[column].count <= seat {
        numbers[column] += [Float](repeating: .nan, count: rows.count - numbers[column].count)
      }
      numbers[column][seat] = number.value
    }
    loaded.insert(load.seat)
  }

  // MARK: Credits

  @inline(__always)
  func creditChanged(seat: UInt32) {
    log[Int(truncatingIfNeeded: creditLogEnd) & (Self.logSize - 1)] = seat
    creditLogEnd &+= 1
  }

  /// Whether the log still holds everything since then.
  func canFollow(from cursor: UInt64) -> Bool { creditLogEnd &- cursor < Self.logSize }

  @inline(__always)
  func creditLog(at cursor: UInt64) -> UInt32 { log[Int(truncatingIfNeeded: cursor) & (Self.logSize - 1)] }

  package func nextTick() -> UInt64 {
    tick += 1
    return tick
  }

  // MARK: What goes out

  /// The view of an app. It changes for another when workers begin, or cease, to name the app.
  package func view(of app: String) -> NodeView {
    let key = named.contains(app) ? app : ""
    if let view = views[key] { return view }
    let view = NodeView()
    views[key] = view
    build(view, key)
    return view
  }

  package struct Published: Sendable {
    /// Rows, or what is static of them: views may have been exchanged.
    package var rows = false
    /// Load, or the standing of sites.
    package var load = false
    package var isEmpty: Bool { !rows && !load }
  }

  /// Brings the views up to date with what has come in, as far as it is time.
  package func publish(at now: Monotonic) -> Published {
    var published = Published()
    if isGenerationDue(now) {
      rebuild()
      lastPublished = now
      lastGeneration = now
      loaded.removeAll(keepingCapacity: true)
      published = Published(rows: true, load: true)
    } else if !loaded.isEmpty || sitesChanged, now >= lastPublished + publishEvery {
      for view in views.values {
        for seat in loaded { view.publishLoad(seat: seat, self) }
        if sitesChanged { view.setSites(self) } else { view.countSites() }
        view.refreshCredits(self)
        view.mark(tick: nextTick())
      }
      loaded.removeAll(keepingCapacity: true)
      lastPublished = now
      published.load = true
    } else {
      return published
    }
    sitesChanged = false
    return published
  }

  /// When ``publish(at:)`` has something to do; `.max`: when something comes in.
  package var deadline: Monotonic {
    var next = Monotonic.max
    if rowsChanged { next = min(next, lastPublished + publishEvery) }
    if staticsChanged { next = min(next, lastGeneration + generationEvery) }
    if !loaded.isEmpty || sitesChanged { next = min(next, lastPublished + publishEvery) }
    return next
  }

  private func isGenerationDue(_ now: Monotonic) -> Bool {
    (rowsChanged && now >= lastPublished + publishEvery) || (staticsChanged && now >= lastGeneration + generationEvery)
  }

  private func rebuild() {
    let present = rows.compactMap { $0 }
    named = Set(present.flatMap(\.apps))
    // Sorting what is almost sorted is cheap.
    let sat = Set(order)
    order =
      order.filter { rows.indices.contains(Int($0)) && rows[Int($0)] != nil }
      + present.map(\.seat).filter { !sat.contains($0) }
    order.sort { (rows[Int($0)]?.id ?? 0) < (rows[Int($1)]?.id ?? 0) }
    for key in views.keys where key != "" && !named.contains(key) { views[key] = nil }
    for (key, view) in views { build(view, key) }
    rowsChanged = false
    staticsChanged = false
  }

  private func build(_ view: NodeView, _ key: String) {
    let live = order.compactMap { seat -> NodeRow? in
      guard seat < seatLimit, let row = rows[Int(seat)], row.state == .live, Self.serves(row, key) else { return nil }
      return row
    }
    view.rebuild(live, self)
    generation += 1
    view.mark(generation: generation, tick: nextTick())
  }

  private static func serves(_ row: NodeRow, _ key: String) -> Bool { row.apps.isEmpty || row.apps.contains(key) }

  /// How many workers there are, by what keeps them from having a row: for reasons of refusal.
  package struct Census: Hashable, Sendable {
    package var all = 0
    /// That serve the app.
    package var serving = 0
    package var draining = 0
    package var suspended = 0
  }

  package func census(of app: String) -> Census {
    var census = Census()
    for case let row? in rows {
      census.all += 1
      guard Self.serves(row, app) else { continue }
      census.serving += 1
      if row.state == .draining { census.draining += 1 }
      if row.state == .suspended { census.suspended += 1 }
    }
    return census
  }
}
