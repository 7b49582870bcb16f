import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// Lists that show a caller what it may see.
extension APIContext {
  func jobs(
    app: String?, after: JobCursor?, limit: Int, for caller: Caller
  ) async throws -> [Job] {
    guard app == nil, case .some(let apps) = caller.apps else {
      return try await store.jobs(app: app, after: after, limit: limit)
    }
    var page: [Job] = []
    // They are listed by app: one after the other is the order of all.
    for app in apps where page.count < limit && app >= after?.app ?? "" {
      page += try await store.jobs(app: app, after: after, limit: limit - page.count)
    }
    return page
  }

  func instances(
    _ filter: InstanceFilter, before: InstanceID?, limit: Int, for caller: Caller
  ) async throws -> [Instance] {
    guard filter.app == nil, case .some(let apps) = caller.apps else {
      return try await store.instances(filter, before: before, limit: limit)
    }
    var page: [Instance] = []
    for app in apps {
      var filter = filter
      filter.app = app
      page += try await store.instances(filter, before: before, limit: limit)
      page.sort { $0.id > $1.id }
      page.removeLast(max(0, page.count - limit))
    }
    return page
  }

  /// Makes a change that is remembered with who made it.
  ///
  /// - Parameters:
  ///   - app: whose it is, where the path does not say.
  ///   - after: what there is then, where the change does not say.
  func change(
    _ request: APIRequest, _ change: ServerRequest, app: String? = nil, after: String? = nil
  ) async -> ServerReply {
    var entry = request.audit(at: SystemClock.wall())
    entry.app = entry.app ?? app
    entry.after = after
    return await driver.perform(.audited(change, entry))
  }
}

extension Caller {
  /// Whether it may see this worker: one that works for an app of its own.
  func sees(_ worker: WorkerProfile) -> Bool {
    worker.apps.isEmpty || worker.apps.contains("*") || worker.apps.contains(where: apps.contains) || apps == .all
  }
}
