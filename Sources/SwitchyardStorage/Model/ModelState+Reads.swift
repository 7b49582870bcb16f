package import SwitchyardModel

extension ModelState {
  // MARK: For owners

  package func read(_ request: OwnerRead) -> OwnerPage {
    switch request {
    case .dueJobs(let shard, let until, let after, let limit):
      let keys = due[Int(shard.number)].after(after).prefix(max(0, limit)).prefix { $0.nextFire <= until }
      return .jobs(keys.compactMap { jobs[$0.job] })
    case .waiting(let shard, let readyBy, let after, let limit):
      var page: [ActiveInstance] = []
      for key in waiting[Int(shard.number)].after(after) {
        if page.count >= limit { break }
        guard let active = active(key.instance), active.instance.readyAt <= readyBy else { continue }
        page.append(active)
      }
      return .instances(page)
    case .placed(let shard, let after, let limit):
      return .instances(placed[Int(shard.number)].after(after).prefix(max(0, limit)).compactMap { active($0) })
    case .queued(let shard, let after, let limit):
      return .instances(queued[Int(shard.number)].after(after).prefix(max(0, limit)).compactMap { active($0) })
    case .instance(let id): return .instances(active(id).map { [$0] } ?? [])
    case .job(let id): return .jobs(jobs[id].map { [$0] } ?? [])
    case .workers(let after, let limit):
      return .workers(workers(after: after, limit: limit) { $0.verdict == nil })
    case .worker(let name): return .workers(workerRecords[TextKey(name)].map { [$0] } ?? [])
    }
  }

  package func epoch(of shard: Shard) -> Epoch { epochs[Int(shard.number)] }

  private func active(_ id: InstanceID) -> ActiveInstance? {
    guard let instance = instances[id],
      let version = versions[VersionKey(job: instance.job, number: instance.jobVersion)]
    else { return nil }
    return ActiveInstance(instance: instance, definition: version)
  }

  // MARK: For the API

  package func job(app: String, name: String) -> Job? { jobNames[NameKey(app, name)].flatMap { jobs[$0] } }

  package func jobs(app: String?, after: JobCursor?, limit: Int) -> [Job] {
    var page: [Job] = []
    for key in sortedNames.after(after.map { NameKey($0.app, $0.name) }) {
      if page.count >= limit { break }
      guard app.map({ TextKey($0) == key.app }) ?? true, let job = jobNames[key].flatMap({ jobs[$0] }) else { continue }
      page.append(job)
    }
    return page
  }

  package func definition(job: JobID, version: UInt32) -> JobVersion? {
    versions[VersionKey(job: job, number: version)]
  }

  package func instance(_ id: InstanceID) -> Instance? { instances[id] }

  package func dueRecord(of job: JobID, by time: Timestamp) -> Instance? {
    instanceIDs.keys.compactMap { instances[$0] }
      .filter { instance in instance.job == job && instance.occurrence.dueTime.map { $0 <= time } ?? false }
      .max { ($0.occurrence.dueTime ?? time) < ($1.occurrence.dueTime ?? time) }
  }

  package func instances(_ filter: InstanceFilter, before: InstanceID?, limit: Int) -> [Instance] {
    var page: [Instance] = []
    for id in instanceIDs.before(before).reversed() {
      if page.count >= limit { break }
      guard let instance = instances[id], filter.admits(instance) else { continue }
      page.append(instance)
    }
    return page
  }

  package func attempts(of instance: InstanceID) -> [PastAttempt] { history[instance] ?? [] }

  package func activeCounts() -> [InstanceState: Int] {
    var result: [InstanceState: Int] = [:]
    for state in InstanceState.allCases where !state.isTerminal && counts[Int(state.rawValue)] > 0 {
      result[state] = counts[Int(state.rawValue)]
    }
    return result
  }

  package func workers(after: String?, limit: Int) -> [WorkerRecord] {
    workers(after: after, limit: limit) { _ in true }
  }

  private func workers(after: String?, limit: Int, where admits: (WorkerRecord) -> Bool) -> [WorkerRecord] {
    var page: [WorkerRecord] = []
    for name in workerNames.after(after.map(TextKey.init)) {
      if page.count >= limit { break }
      guard let record = workerRecords[name], admits(record) else { continue }
      page.append(record)
    }
    return page
  }

  package func policies() -> [PolicyRevision] { policyApps.keys.compactMap { policyRevisions[$0]?.last } }

  package func policy(app: String, revision: UInt64?) -> PolicyRevision? {
    let revisions = policyRevisions[TextKey(app)] ?? []
    guard let revision else { return revisions.last }
    return revisions.first { $0.revision == revision }
  }
}

extension InstanceFilter {
  /// Whether all conditions hold of the instance.
  package func admits(_ instance: Instance) -> Bool {
    (app.map { TextKey($0) == TextKey(instance.app) } ?? true) && (job.map { $0 == instance.job } ?? true)
      && (states.isEmpty || states.contains(instance.state))
      && (worker.map { name in instance.worker.map { TextKey($0.name) == TextKey(name) } ?? false } ?? true)
  }
}
