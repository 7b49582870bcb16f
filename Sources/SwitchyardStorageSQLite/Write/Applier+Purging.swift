import SwitchyardModel

/// The writer's statements that forget.
struct PurgeStatements {
  let instance: Statement
  let attempts: Statement
  let versions: Statement
  let allVersions: Statement
  let job: Statement
  let worker: Statement

  init(_ connection: Connection) throws(SQLiteFailure) {
    instance = try connection.prepare("DELETE FROM instances WHERE id = ? AND state >= 10 AND ended_at < ?")
    attempts = try connection.prepare("DELETE FROM past_attempts WHERE instance = ?")
    versions = try connection.prepare(
      """
      DELETE FROM job_versions WHERE job = ?1 AND version < ?2 AND NOT EXISTS (
        SELECT 1 FROM instances INDEXED BY instances_job WHERE job = ?1 AND job_version = job_versions.version)
      """)
    allVersions = try connection.prepare("DELETE FROM job_versions WHERE job = ?")
    job = try connection.prepare(
      """
      DELETE FROM jobs WHERE id = ?1 AND state = 2
        AND NOT EXISTS (SELECT 1 FROM instances INDEXED BY instances_job WHERE job = ?1)
      """)
    worker = try connection.prepare("DELETE FROM workers WHERE name = ? AND verdict IS NOT NULL AND seen_at < ?")
  }
}

extension Applier {
  func purgeInstances(_ ids: [InstanceID], endedBefore time: Timestamp) throws(SQLiteFailure) -> OpResult {
    let highest = try highestID()
    var isDone = false
    for id in ids where id.rawValue != highest {
      purging.instance.add(id)
      purging.instance.add(time)
      guard try purging.instance.run() == 1 else { continue }
      purging.attempts.add(id)
      try purging.attempts.run()
      isDone = true
    }
    return isDone ? .applied : .conflict
  }

  func purgeJob(_ id: JobID, unchangedSince time: Timestamp) throws(SQLiteFailure) -> OpResult {
    guard let job = try findJob(id), job.updatedAt < time else { return .conflict }
    definitions.forget(id)
    if job.state == .deleted, id.rawValue != (try highestID()) {
      purging.job.add(id)
      if try purging.job.run() == 1 {
        purging.allVersions.add(id)
        try purging.allVersions.run()
        return .applied
      }
    }
    purging.versions.add(id)
    purging.versions.add(job.version)
    return try purging.versions.run() > 0 ? .applied : .conflict
  }

  func purgeWorker(_ name: String, judgedBefore time: Timestamp) throws(SQLiteFailure) -> OpResult {
    purging.worker.add(name)
    purging.worker.add(time)
    return try purging.worker.run() == 1 ? .applied : .conflict
  }
}
