package import CSwitchyard
import SwitchyardModel

/// The live workers of an app (or of all apps that no worker names), as columns, in one lane.
///
/// `used` and `avail` are live: they follow the credits through the table's log of changes. All else changes when the
/// table publishes.
package final class NodeView {
  package private(set) var columns: NodeColumns
  package private(set) var sites: SiteColumns?
  /// By row.
  package private(set) var rows: [NodeRow] = []
  package private(set) var epochs: AlignedColumn<UInt32>
  /// By seat; -1: no row.
  private var rowOfSeat: [Int32] = []
  private var rowOfSite: [UInt32: Int] = [:]
  /// Up to where of the table's log of credits this view has followed.
  private var cursor: UInt64 = 0

  init() {
    columns = NodeColumns(stride: paddedRows(0))
    epochs = AlignedColumn(capacity: paddedRows(0))
  }

  package var nodes: UnsafePointer<sy_nodes> { UnsafePointer(columns.nodes) }
  package var count: Int { rows.count }
  package var stride: Int { columns.stride }
  package var generation: UInt64 { columns.nodes.pointee.generation }
  package var avail: UnsafePointer<UInt32> { UnsafePointer(columns.avail.pointer) }

  package func row(ofSeat seat: UInt32) -> Int? {
    guard seat < rowOfSeat.count, rowOfSeat[Int(seat)] >= 0 else { return nil }
    return Int(rowOfSeat[Int(seat)])
  }

  // MARK: Rows

  /// Makes all rows anew.
  ///
  /// - Parameter live: by ascending id.
  func rebuild(_ live: [NodeRow], _ table: LaneTable) {
    let stride = paddedRows(live.count)
    if stride != columns.stride {
      columns = NodeColumns(stride: stride)
      epochs = AlignedColumn(capacity: stride)
    }
    rows = live
    rowOfSeat = [Int32](repeating: -1, count: table.rows.count)
    columns.resize(numbers: table.numberCount, texts: table.textCount, tags: table.tagColumns.count)
    let nodes = columns.nodes
    nodes.pointee.count = UInt32(live.count)
    nodes.pointee.here_site = table.hereSite
    nodes.pointee.here_rack = table.hereRack
    fillStatic(live)
    for column in columns.texts.indices {
      let texts = columns.texts[column]
      texts.clear()
      var isKnown = false
      for (row, node) in live.enumerated() where column < node.texts.count {
        texts.pointer[row] = node.texts[column]
        isKnown = isKnown || node.texts[column] != 0
      }
      columns.show(text: column, isKnown)
    }
    for (column, name) in table.tagColumns.enumerated() where column < columns.tags.count {
      let tags = columns.tags[column]
      tags.clear()
      var isKnown = false
      for (row, node) in live.enumerated() where node.tags.contains(name) {
        tags.pointer[row] = 1
        isKnown = true
      }
      columns.show(tag: column, isKnown)
    }
    for column in [columns.cpu, columns.mem, columns.failRate] + columns.numbers { column.clear() }
    (nodes.pointee.cpu, nodes.pointee.mem, nodes.pointee.fail_rate) = (nil, nil, nil)
    for column in columns.numbers.indices { columns.show(number: column, false) }
    for (row, node) in live.enumerated() { setLoad(row, seat: Int(node.seat), table) }
    refreshCredits(table)
    cursor = table.creditLogEnd
    setSites(table)
  }

  private func fillStatic(_ live: [NodeRow]) {
    let columns = columns
    for column in [
      columns.seat, columns.name, columns.site, columns.rack, columns.version, columns.slots, columns.used,
      columns.avail,
    ] { column.clear() }
    columns.weight.clear()
    epochs.clear()
    var hasSite = false, hasRack = false, hasVersion = false
    for (row, node) in live.enumerated() {
      columns.id.pointer[row] = node.id
      columns.incarnation.pointer[row] = node.ref.incarnation
      columns.joined.pointer[row] = node.joined
      columns.seat.pointer[row] = node.seat
      columns.name.pointer[row] = node.name
      columns.site.pointer[row] = node.site
      columns.rack.pointer[row] = node.rack
      columns.version.pointer[row] = node.version
      columns.slots.pointer[row] = node.slots
      columns.weight.pointer[row] = node.weight
      epochs.pointer[row] = node.epoch
      rowOfSeat[Int(node.seat)] = Int32(row)
      hasSite = hasSite || node.site != 0
      hasRack = hasRack || node.rack != 0
      hasVersion = hasVersion || node.version != 0
    }
    for row in live.count..<columns.stride {
      columns.id.pointer[row] = 0
      columns.incarnation.pointer[row] = 0
      columns.joined.pointer[row] = 0
    }
    let nodes = columns.nodes
    nodes.pointee.site = hasSite ? UnsafePointer(columns.site.pointer) : nil
    nodes.pointee.rack = hasRack ? UnsafePointer(columns.rack.pointer) : nil
    nodes.pointee.version = hasVersion ? UnsafePointer(columns.version.pointer) : nil
  }

  func mark(generation: UInt64, tick: UInt64) {
    columns.nodes.pointee.generation = generation
    columns.nodes.pointee.tick = tick
  }

  package func mark(tick: UInt64) { columns.nodes.pointee.tick = tick }

  // MARK: Load

  func publishLoad(seat: UInt32, _ table: LaneTable) {
    if let row = row(ofSeat: seat) { setLoad(row, seat: Int(seat), table) }
  }

  private func setLoad(_ row: Int, seat: Int, _ table: LaneTable) {
    let nodes = columns.nodes
    func set(_ value: Float, _ column: AlignedColumn<Float>, _ shown: inout UnsafePointer<Float>?) {
      if shown == nil {
        guard !value.isNaN else { return }
        // The first to report: all others are unknown.
        for other in 0..<rows.count { column.pointer[other] = .nan }
        shown = UnsafePointer(column.pointer)
      }
      column.pointer[row] = value
    }
    set(table.cpu[seat], columns.cpu, &nodes.pointee.cpu)
    set(table.mem[seat], columns.mem, &nodes.pointee.mem)
    set(table.failRate[seat], columns.failRate, &nodes.pointee.fail_rate)
    for column in columns.numbers.indices where column < table.numbers.count {
      let values = table.numbers[column]
      var shown = nodes.pointee.number[column]
      set(seat < values.count ? values[seat] : .nan, columns.numbers[column], &shown)
      if shown != nil { columns.show(number: column, true) }
    }
  }

  // MARK: Credits

  /// Reads the credits that changed since the last time.
  @inline(__always)
  package func follow(_ table: LaneTable) {
    if cursor != table.creditLogEnd { catchUp(table) }
  }

  private func catchUp(_ table: LaneTable) {
    if table.canFollow(from: cursor) {
      while cursor != table.creditLogEnd {
        if let row = row(ofSeat: table.creditLog(at: cursor)) { setCredit(row, table) }
        cursor &+= 1
      }
    } else {
      refreshCredits(table)
      cursor = table.creditLogEnd
    }
    mark(tick: table.nextTick())
  }

  /// Reads all credits: what other lanes took shows up here.
  func refreshCredits(_ table: LaneTable) {
    for row in rows.indices { setCredit(row, table) }
  }

  @inline(__always)
  private func setCredit(_ row: Int, _ table: LaneTable) {
    let free = table.credits.free(seat: columns.seat.pointer[row], epoch: epochs.pointer[row])
    columns.avail.pointer[row] = free
    columns.used.pointer[row] = columns.slots.pointer[row] &- min(free, columns.slots.pointer[row])
  }

  /// Takes slots of a row for a placement; false when they are gone: the row then shows what is left.
  @inline(__always)
  package func take(_ slots: UInt32, row: Int, _ table: LaneTable) -> Bool {
    let seat = columns.seat.pointer[row]
    guard table.credits.take(slots, seat: seat, epoch: epochs.pointer[row]) else {
      setCredit(row, table)
      return false
    }
    columns.avail.pointer[row] &-= min(slots, columns.avail.pointer[row])
    columns.used.pointer[row] &+= slots
    // This view is up to date already; others of the lane follow by the log.
    let wasCurrent = cursor == table.creditLogEnd
    table.creditChanged(seat: seat)
    if wasCurrent { cursor = table.creditLogEnd }
    return true
  }

  // MARK: Sites

  func setSites(_ table: LaneTable) {
    guard !table.sites.isEmpty else {
      sites = nil
      return
    }
    if (sites?.capacity ?? 0) < table.sites.count { sites = SiteColumns(capacity: table.sites.count) }
    rowOfSite = Dictionary(table.sites.enumerated().map { ($1.site, $0) }, uniquingKeysWith: { a, _ in a })
    sites?.fill(table.sites)
    countSites()
  }

  func countSites() { sites?.count(columns, rowOfSite: rowOfSite) }
}
