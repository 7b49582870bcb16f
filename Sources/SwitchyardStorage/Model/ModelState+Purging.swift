package import SwitchyardModel

/// Retention: what is forgotten. None of it is held in memory by an owner of shards, so that any live server may.
extension ModelState {
  mutating func purgeInstances(_ ids: [InstanceID], endedBefore time: Timestamp) -> OpResult {
    var isDone = false
    for id in ids where purge(id, endedBefore: time) { isDone = true }
    return isDone ? .applied : .conflict
  }

  private mutating func purge(_ id: InstanceID, endedBefore time: Timestamp) -> Bool {
    guard let instance = instances[id], instance.state.isTerminal, let endedAt = instance.endedAt, endedAt < time,
      id.rawValue != highestID
    else { return false }
    instances[id] = nil
    instanceIDs.remove(id)
    occurrences[OccurrenceKey(instance)] = nil
    history[id] = nil
    return true
  }

  mutating func purgeJob(_ id: JobID, unchangedSince time: Timestamp) -> OpResult {
    guard let job = jobs[id], job.updatedAt < time else { return .conflict }
    let kept = Set(instanceIDs.keys.compactMap { instances[$0] }.filter { $0.job == id }.map(\.jobVersion))
    let isGone = job.state == .deleted && kept.isEmpty && id.rawValue != highestID
    var isDone = false
    for number in 1...job.version where isGone || (number != job.version && !kept.contains(number)) {
      if versions.removeValue(forKey: VersionKey(job: id, number: number)) != nil { isDone = true }
    }
    if isGone { jobs[id] = nil }
    return isDone ? .applied : .conflict
  }

  mutating func purgeWorker(_ name: String, judgedBefore time: Timestamp) -> OpResult {
    let key = TextKey(name)
    guard let record = workerRecords[key], record.verdict != nil, record.seenAt < time else { return .conflict }
    workerRecords[key] = nil
    workerNames.remove(key)
    return .applied
  }

  // MARK: What there is to forget

  package func ended(
    before time: Timestamp, after: InstanceID?, below: InstanceID, limit: Int
  ) -> [EndedInstance] {
    page(of: instanceIDs.after(after).prefix { $0 < below }, limit) { $0.endedAt.map { $0 < time } ?? false }
  }

  package func ended(of job: JobID, beyond count: Int, limit: Int) -> [EndedInstance] {
    let ids = instanceIDs.keys.filter { instances[$0]?.job == job }.reversed().dropFirst(max(1, count))
    return page(of: ids, limit) { _ in true }
  }

  private func page(
    of ids: some Sequence<InstanceID>, _ limit: Int, where isMeant: (Instance) -> Bool
  ) -> [EndedInstance] {
    var page: [EndedInstance] = []
    for id in ids {
      if page.count >= limit { break }
      guard let instance = instances[id], instance.state.isTerminal, isMeant(instance) else { continue }
      page.append(EndedInstance(instance))
    }
    return page
  }

  package func deletedJobs(before time: Timestamp, after: JobID?, limit: Int) -> [JobID] {
    let ids = jobs.values.filter { $0.state == .deleted && $0.updatedAt < time }.map(\.id).sorted()
    return Array(ids.drop { id in after.map { id <= $0 } ?? false }.prefix(max(0, limit)))
  }
}

extension EndedInstance {
  init(_ instance: Instance) { self.init(id: instance.id, job: instance.job, attempts: instance.attempt) }
}
