import SwitchyardCore
import SwitchyardModel
import SwitchyardObservability
import SwitchyardPlacement
import SwitchyardPlugins
import SwitchyardStorage

/// All that `/metrics` tells, gathered when it is asked for.
struct MetricsPage: Sendable {
  let api: APIContext

  func text() async throws -> String {
    var text = PrometheusText()
    text.gauge(
      "switchyard_build_info", "1, with what is running.",
      [.init(["version": api.settings.version, "server": api.server.id], 1.0)])
    instances(try await api.store.activeCounts(), &text)
    let core = await api.driver.inspect { core in
      CoreFigures(status: core.status, sessions: core.sessions, queues: core.placementQueues)
    }
    self.core(core, &text)
    commits(&text)
    placement(&text)
    requests(&text)
    files(&text)
    ProcessUsage()?.write(into: &text)
    return text.text
  }

  /// What the core shows between two events.
  private struct CoreFigures: Sendable {
    var status: ServerStatus
    var sessions: [SessionStatus]
    var queues: [(app: String, count: Int)]
  }

  private func instances(_ active: [InstanceState: Int], _ text: inout PrometheusText) {
    let values = api.observers.meter.values
    text.gauge(
      "switchyard_instances", "Instances that are not over, by state.",
      InstanceState.allCases.filter { !$0.isTerminal }.map { .init(["state": $0.name], active[$0] ?? 0) })
    text.counter(
      "switchyard_instance_transitions_total",
      "Entries of instances into a state; of more apps than \(AppLabels.limit) the rest is `other`.",
      values.transitions.all.filter { $0.count > 0 }.map { .init(["app": $0.app, "state": $0.state.name], $0.count) })
    text.counter(
      "switchyard_attempts_started_total",
      "Attempts that a worker said to run; of one that is over at once it says the end alone.", [.init(values.started)])
    text.counter(
      "switchyard_attempts_ended_total", "Attempts that are over, by outcome.",
      AttemptOutcome.allCases.map { .init(["outcome": $0.name], values.outcomes[Int($0.rawValue)]) })
    for passage in Passage.allCases {
      let (name, help) = passage.metric
      text.histogram(name, help, [([:], values.passages[Int(passage.rawValue)])])
    }
    text.histogram(
      "switchyard_run_seconds", "Run time of attempts, by their worker's clock.", [([:], values.runs)])
    text.counter(
      "switchyard_occurrences_total", "What was refused, fenced, ignored, or changed, by a bounded name.",
      values.counted.sorted { $0.key < $1.key }.map { .init(["name": $0.key], $0.value) })
  }

  private func core(_ core: CoreFigures, _ text: inout PrometheusText) {
    let status = core.status
    text.gauge(
      "switchyard_owning", "1 while the server owns its shards and works.",
      [.init(status.phase == "owning" ? 1.0 : 0.0)])
    text.gauge(
      "switchyard_queue_length", "What waits, by queue.",
      [
        .init(["queue": "core"], api.driver.backlog), .init(["queue": "fresh"], status.fresh),
        .init(["queue": "commit"], status.pendingOps), .init(["queue": "lanes"], status.placing),
      ])
    text.gauge(
      "switchyard_in_memory", "What the server holds of its shards.",
      [
        .init(["what": "waiting"], status.waiting), .init(["what": "placed"], status.placed),
        .init(["what": "queued"], status.queued), .init(["what": "due-jobs"], status.dueJobs),
      ])
    let named = core.queues.filter { $0.app != AppLabels.other }.prefix(AppLabels.limit)
    let others = core.queues.reduce(0) { $0 + $1.count } - named.reduce(0) { $0 + $1.count }
    text.gauge(
      "switchyard_placement_queue_length", "Instances in memory that wait to be placed, by app.",
      named.map { .init(["app": $0.app], $0.count) } + [.init(["app": AppLabels.other], others)])
    let live = core.sessions.filter { $0.state == .live }
    text.gauge(
      "switchyard_workers", "Workers without a verdict, by state.",
      SessionStatus.State.allCases.map { state in
        .init(["state": state.rawValue], core.sessions.count { $0.state == state })
      })
    text.gauge(
      "switchyard_worker_slots", "Slots of live workers.", [.init(live.reduce(0) { $0 + Int($1.profile.slots) })])
    text.gauge(
      "switchyard_worker_placed", "Attempts that are bound to live workers.",
      [
        .init(live.reduce(0) { $0 + $1.placed })
      ])
  }

  private func commits(_ text: inout PrometheusText) {
    let commits = api.observers.meter.values.commits
    text.counter(
      "switchyard_commits_total", "Commits, by outcome.",
      commits.outcomes.sorted { $0.key < $1.key }.map { .init(["outcome": $0.key], $0.value) })
    text.histogram("switchyard_commit_seconds", "How long commits took.", [([:], commits.seconds)])
    text.histogram("switchyard_commit_operations", "Operations of a commit.", [([:], commits.operations)])
    text.gauge(
      "switchyard_store_refuses", "1 while the store refuses to write.", [.init(api.driver.storeRefuses ? 1.0 : 0.0)])
  }

  private func placement(_ text: inout PrometheusText) {
    let statistics = api.placement.engine.statistics()
    text.counter(
      "switchyard_decisions_total", "Answers to the question for a worker.",
      [
        .init(["answer": "worker"], statistics.placed), .init(["answer": "nobody"], statistics.refused),
        .init(["answer": "fallback"], statistics.fallbacks), .init(["answer": "again"], statistics.again),
      ])
    text.counter(
      "switchyard_texts_refused_total",
      "Texts of workers and jobs that plugins do not see, since too many were brought.",
      [.init(statistics.textsRefused)])
    let plugins = api.plugins.registry.statistics().sorted { $0.plugin < $1.plugin }
    text.counter(
      "switchyard_plugin_calls_total", "Calls of a plugin.", plugins.map { .init(["plugin": $0.plugin], $0.calls) })
    text.counter(
      "switchyard_plugin_errors_total", "Calls of a plugin that failed.",
      plugins.map { .init(["plugin": $0.plugin], $0.errors) })
    text.counter(
      "switchyard_plugin_over_budget_total", "Calls of a plugin that took longer than they may.",
      plugins.map { .init(["plugin": $0.plugin], $0.overBudget) })
    text.counter(
      "switchyard_plugin_seconds_total", "Time spent in calls of a plugin.",
      plugins.map { .init(["plugin": $0.plugin], Double($0.nanoseconds) / 1e9) })
    text.gauge(
      "switchyard_plugins_loaded", "Plugins that are loaded.",
      [
        .init(api.plugins.registry.list().count { $0.state == .loaded })
      ])
  }

  private func requests(_ text: inout PrometheusText) {
    let routes = api.http.values
    text.counter(
      "switchyard_http_requests_total", "Requests that were answered.",
      routes.flatMap { name, values in
        values.statuses.sorted { $0.key < $1.key }.map { status, count in
          PrometheusText.Sample(["method": name.method, "route": name.path, "status": "\(status)"], count)
        }
      })
    text.histogram(
      "switchyard_http_request_seconds", "From a request until its answer began.",
      routes.map { name, values in (["method": name.method, "route": name.path], values.seconds) })
    let admission = api.admission
    text.gauge(
      "switchyard_admitted", "What is taken of what is bounded.",
      [
        .init(["what": "requests"], admission.requests.taken), .init(["what": "body-bytes"], admission.bodies.taken),
        .init(["what": "waits"], admission.waits.taken), .init(["what": "subscribers"], admission.subscribers.taken),
        .init(["what": "log-bytes"], admission.logs.taken),
        .init(["what": "worker-streams"], api.connections.count),
        .init(["what": "worker-stream-bytes"], api.connections.pool.bytes),
      ])
    text.counter(
      "switchyard_refused_total", "Requests that were refused because there was too much of something.",
      [
        .init(["what": "requests"], admission.requests.refused),
        .init(["what": "body-bytes"], admission.bodies.refused),
        .init(["what": "waits"], admission.waits.refused),
        .init(["what": "subscribers"], admission.subscribers.refused),
        .init(["what": "app-rate"], admission.rates.refused),
        .init(["what": "token-rate"], admission.tokenRates.refused),
      ])
  }

  private func files(_ text: inout PrometheusText) {
    text.gauge(
      "switchyard_store_bytes", "Size of the store's files.",
      ["switchyard.db", "switchyard.db-wal"].map {
        .init(["file": $0], ProcessUsage.fileSize("\(api.settings.dataDirectory)/\($0)"))
      })
    text.gauge(
      "switchyard_data_free_bytes", "What the file system of the data directory still takes.",
      ProcessUsage.freeBytes(api.settings.dataDirectory).map { [.init($0)] } ?? [])
    text.counter(
      "switchyard_log_bytes_total", "Bytes of jobs' logs that were written.", [.init(api.logs.bytesWritten)])
  }
}

extension Passage {
  fileprivate var metric: (name: String, help: String) {
    switch self {
    case .fired: ("switchyard_fire_lateness_seconds", "From a due time until the record of it was durable.")
    case .submitted: ("switchyard_submit_seconds", "From a submission until it was durable.")
    case .placed: ("switchyard_placement_seconds", "From when it might be placed until the dispatch was durable.")
    case .started: ("switchyard_start_seconds", "From the dispatch until the worker said that it has it.")
    }
  }
}
