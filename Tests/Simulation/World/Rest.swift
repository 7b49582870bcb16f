import SwitchyardCore
import SwitchyardModel

/// What must be so when everything has come to its end.
extension World {
  /// What still waits, runs or is unacknowledged, in words; empty when nothing does.
  var restlessness: String {
    var words: [String] = []
    if !server.isUp || isLoading { words.append("the server is not there") }
    if !checker.active.isEmpty {
      let some = checker.active.prefix(3).map { id in
        "\(id) \(checker.rows[id].map { "\($0.state)/\($0.attempt) \($0.worker?.description ?? "")" } ?? "")"
      }
      words.append("\(checker.active.count) instances are not over: " + some.joined(separator: ", "))
    }
    for worker in workers where worker.isUp && !worker.agent.holdsNothing {
      words.append("\(worker.name) holds something")
    }
    if !checker.running.isEmpty { words.append("\(checker.running.count) processes run") }
    for row in lanes.rows where row.used != 0 { words.append("\(row.used) credits of \(row.ref) are not back") }
    if !client.open.isEmpty { words.append("\(client.open.count) requests are not answered") }
    if !client.unacknowledged.isEmpty { words.append("\(client.unacknowledged.count) submissions wait") }
    if !store.open.isEmpty { words.append("\(store.open.count) commits are under way") }
    for job in client.jobs where job.id == nil { words.append("\(job.name) could not be created") }
    for job in checker.jobOrder where checker.jobs[job]?.state == .enabled { words.append("job \(job) is enabled") }
    return words.joined(separator: "; ")
  }

  /// At rest nothing may be left in memory.
  func checkRest() {
    for leak in World.leaks(of: server.core) { checker.fail("nothing is left in memory", leak, now) }
  }
}
