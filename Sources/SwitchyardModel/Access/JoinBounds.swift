/// What a worker may claim that joins by a token, besides the token's apps. Nil: whatever it likes.
package struct JoinBounds: Hashable, Sendable {
  package var tags: [String]?
  package var sites: [String]?
  /// Of one worker.
  package var slots: UInt32?

  package init(tags: [String]? = nil, sites: [String]? = nil, slots: UInt32? = nil) {
    self.tags = tags
    self.sites = sites
    self.slots = slots
  }
}

/// What a join token lets a worker be.
///
/// Claims of apps, tags and slots beyond it are cut: the worker is of use with the rest. A site that is not the
/// token's is refused, since a worker in the wrong site would draw traffic there; so is a worker that is left
/// without an app. One that names no site stands at the token's, or is refused where the token has several.
package struct JoinGrant: Hashable, Sendable {
  package var apps: AppScope
  package var bounds: JoinBounds

  package init(apps: AppScope, bounds: JoinBounds = JoinBounds()) {
    self.apps = apps
    self.bounds = bounds
  }

  package enum Cut: String, Sendable, CaseIterable {
    case apps, tags, slots, site
  }

  package enum Admission: Hashable, Sendable {
    indirect case admitted(Hello, [Cut])
    /// The sentence says what to change.
    case refused(String)
  }

  package func admit(_ hello: Hello) -> Admission {
    var hello = hello
    var cuts: [Cut] = []
    if case .some(let granted) = apps {
      let claimsAll = hello.profile.apps.isEmpty || hello.profile.apps.contains("*")
      let kept = claimsAll ? granted : hello.profile.apps.filter(granted.contains)
      guard !kept.isEmpty else {
        return .refused(
          "the worker's token is for the apps \(granted.joined(separator: ", ")), and it claims none of them: "
            + "start it with one of these as --apps")
      }
      if !claimsAll, kept.count < hello.profile.apps.count { cuts.append(.apps) }
      hello.profile.apps = kept
    }
    if let sites = bounds.sites, let site = hello.profile.site, !sites.contains(site) {
      return .refused(
        "the worker's token is for the sites \(sites.joined(separator: ", ")), and it claims \(quoted(site)): "
          + "start it with another --site, or with another token")
    }
    if let sites = bounds.sites {
      // A label stands for a profile without a site, as a text of its metrics does.
      let count = hello.profile.labels.count
      hello.profile.labels.removeAll { $0.key == "site" && !sites.contains($0.text) }
      if hello.profile.labels.count < count { cuts.append(.site) }
      if hello.profile.site == nil, !sites.isEmpty, !hello.standsSomewhere(among: sites) {
        guard sites.count == 1 else {
          return .refused(
            "the worker's token is for the sites \(sites.joined(separator: ", ")), and it names none: "
              + "start it with one of these as --site")
        }
        hello.profile.site = sites[0]
      }
    }
    let tags = allowed(hello.profile.tags)
    if tags.count < hello.profile.tags.count { cuts.append(.tags) }
    hello.profile.tags = tags
    if let slots = bounds.slots, hello.profile.slots > slots {
      hello.profile.slots = slots
      cuts.append(.slots)
    }
    let (metrics, more) = admit(hello.metrics)
    hello.metrics = metrics
    cuts += more.filter { !cuts.contains($0) }
    return .admitted(hello, cuts)
  }

  /// What a heartbeat may change of it. The text `site` stands for a profile without one.
  package func admit(_ metrics: WorkerMetrics) -> (WorkerMetrics, [Cut]) {
    var metrics = metrics
    var cuts: [Cut] = []
    if let claimed = metrics.tags {
      let tags = allowed(claimed)
      if tags.count < claimed.count { cuts.append(.tags) }
      metrics.tags = tags
    }
    if let sites = bounds.sites {
      let count = metrics.texts.count
      metrics.texts.removeAll { $0.key == "site" && !sites.contains($0.text) }
      if metrics.texts.count < count { cuts.append(.site) }
    }
    return (metrics, cuts)
  }

  private func allowed(_ tags: [String]) -> [String] {
    guard let granted = bounds.tags else { return tags }
    return tags.filter(granted.contains)
  }
}

extension Hello {
  /// Whether a label or a text of its metrics says where it is.
  fileprivate func standsSomewhere(among sites: [String]) -> Bool {
    profile.labels.contains { $0.key == "site" }
      || metrics.texts.contains { $0.key == "site" && sites.contains($0.text) }
  }
}
