import SwitchyardModel

/// Whether a site is up: judged once, here, for all lanes and strategies, with hysteresis, so that they never disagree.
///
/// ```
/// unknown ──► up ⇄ down      down: fewer than half of its members live; up: three quarters do
/// ```
///
/// Each change must hold for ``dwell`` first, so that a site does not flap; only the first "up" counts at once. A
/// member that was lost stays a member for ``memory``: otherwise a site whose workers all died would have no members, and
/// nothing to be down.
struct SiteJudge {
  static let dwell: Int64 = Span.seconds(3).nanoseconds
  static let memory: Int64 = Span.seconds(300).nanoseconds
  static let limit = 4_096

  private struct Site {
    var live: UInt32 = 0
    /// Registered, but neither live nor on the way out.
    var absent: UInt32 = 0
    /// Lost, by name, until when they count.
    var lost: [String: Monotonic] = [:]
    var standing = SiteState.Standing.unknown
    var since: Monotonic
    /// Another standing is due since then.
    var doubt: (standing: SiteState.Standing, since: Monotonic)?

    var members: UInt32 { live + absent + UInt32(lost.count) }
  }

  private var sites: [UInt32: Site] = [:]
  private var hasChanged = false
  /// When ``judge(at:)`` has something to do though nothing happens; `.max`: never.
  private(set) var deadline = Monotonic.max

  /// A worker of the site goes from one state to the next; nil: it is not registered.
  ///
  /// - Parameter isLost: it did not leave of itself.
  mutating func move(
    _ name: String, site: UInt32, from: NodeRow.State?, to: NodeRow.State?, isLost: Bool = false, at now: Monotonic
  ) {
    guard site != 0, sites[site] != nil || sites.count < Self.limit else { return }
    var known = sites[site] ?? Site(since: now)
    switch from {
    case .live: known.live -= min(known.live, 1)
    case .suspended: known.absent -= min(known.absent, 1)
    case .draining, nil: break
    }
    known.lost[name] = nil
    switch to {
    case .live: known.live += 1
    case .suspended: known.absent += 1
    case .draining: break
    case nil: if isLost { known.lost[name] = now + Self.memory }
    }
    sites[site] = known
    hasChanged = true
  }

  /// Judges anew.
  ///
  /// - Returns: all sites when anything changed; nil otherwise.
  mutating func judge(at now: Monotonic) -> [SiteState]? {
    guard hasChanged || now >= deadline else { return nil }
    defer { deadline = nextDeadline }
    for (name, site) in sites {
      var site = site
      let before = site.lost.count
      site.lost = site.lost.filter { $0.value > now }
      hasChanged = hasChanged || site.lost.count != before
      if site.members == 0 {
        sites[name] = nil
        hasChanged = true
        continue
      }
      let due = Self.standing(of: site)
      if due == site.standing {
        site.doubt = nil
      } else {
        if site.doubt?.standing != due { site.doubt = (due, now) }
        let isFirst = site.standing == .unknown && due == .up
        if isFirst || now - (site.doubt?.since ?? now) >= Self.dwell {
          site.standing = due
          site.since = now
          site.doubt = nil
          hasChanged = true
        }
      }
      sites[name] = site
    }
    guard hasChanged else { return nil }
    hasChanged = false
    return sites.map { name, site in
      SiteState(site: name, standing: site.standing, members: site.members, live: site.live, since: site.since)
    }.sorted { $0.site < $1.site }
  }

  private var nextDeadline: Monotonic {
    sites.values.reduce(.max) { next, site in
      min(next, site.doubt.map { $0.since + Self.dwell } ?? .max, site.lost.values.min() ?? .max)
    }
  }

  private static func standing(of site: Site) -> SiteState.Standing {
    if UInt64(site.live) * 2 < UInt64(site.members) { return .down }
    if UInt64(site.live) * 4 >= UInt64(site.members) * 3 { return .up }
    return site.standing
  }
}
