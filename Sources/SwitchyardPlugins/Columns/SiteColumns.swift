package import CSwitchyard

/// The memory behind one `sy_sites`. Belongs to one thread, or is a frozen copy.
package final class SiteColumns: @unchecked Sendable {
  package let sites: UnsafeMutablePointer<sy_sites>
  private let stride: Int
  private let site, state, members, live, slots, used, order: AlignedColumn<UInt32>
  private let share, failRate: AlignedColumn<Float>
  private let since: AlignedColumn<Int64>

  init(capacity: Int) {
    stride = paddedRows(capacity)
    func column<Element: BitwiseCopyable>(_ rows: Int) -> AlignedColumn<Element> { AlignedColumn(capacity: rows) }
    (site, state, members) = (column(stride), column(stride), column(stride))
    (live, slots, used, order) = (column(stride), column(stride), column(stride), column(stride))
    (share, failRate, since) = (column(stride), column(stride), column(stride))
    sites = .allocate(capacity: 1)
    sites.initialize(to: sy_sites())
    sites.pointee.size = UInt32(MemoryLayout<sy_sites>.size)
    sites.pointee.site = UnsafePointer(site.pointer)
    sites.pointee.state = UnsafePointer(state.pointer)
    sites.pointee.members = UnsafePointer(members.pointer)
    sites.pointee.live = UnsafePointer(live.pointer)
    sites.pointee.slots = UnsafePointer(slots.pointer)
    sites.pointee.used = UnsafePointer(used.pointer)
    sites.pointee.order = UnsafePointer(order.pointer)
    sites.pointee.share = UnsafePointer(share.pointer)
    sites.pointee.fail_rate = UnsafePointer(failRate.pointer)
    sites.pointee.since_ns = UnsafePointer(since.pointer)
  }

  deinit { sites.deallocate() }

  var capacity: Int { stride }

  /// Writes the sites as they were judged; the nodes of the view are counted by ``count(_:)``.
  func fill(_ states: [SiteState]) {
    for (row, known) in states.prefix(stride).enumerated() {
      site.pointer[row] = known.site
      state.pointer[row] = known.standing.rawValue
      members.pointer[row] = known.members
      since.pointer[row] = known.since
      // No operator has said which sites are for which app: that comes with traffic switching.
      order.pointer[row] = .max
      share.pointer[row] = 0
      failRate.pointer[row] = .nan
    }
    sites.pointee.count = UInt32(min(states.count, stride))
  }

  /// Adds up the nodes of the view.
  func count(_ columns: NodeColumns, rowOfSite: [UInt32: Int]) {
    let count = Int(sites.pointee.count)
    for row in 0..<count {
      live.pointer[row] = 0
      slots.pointer[row] = 0
      used.pointer[row] = 0
    }
    for row in 0..<columns.count {
      guard let at = rowOfSite[columns.site.pointer[row]], at < count else { continue }
      live.pointer[at] &+= 1
      slots.pointer[at] &+= columns.slots.pointer[row]
      used.pointer[at] &+= columns.used.pointer[row]
    }
  }

  package func frozen() -> SiteColumns {
    let copy = SiteColumns(capacity: stride)
    copy.sites.pointee.count = sites.pointee.count
    for (from, to) in zip(
      [site, state, members, live, slots, used, order],
      [copy.site, copy.state, copy.members, copy.live, copy.slots, copy.used, copy.order])
    {
      to.pointer.update(from: from.pointer, count: stride)
    }
    copy.share.pointer.update(from: share.pointer, count: stride)
    copy.failRate.pointer.update(from: failRate.pointer, count: stride)
    copy.since.pointer.update(from: since.pointer, count: stride)
    return copy
  }
}
