/// One immutable version of a job, shared by reference among the instances that keep it.
package final class JobVersion: Sendable, Hashable {
  package let job: JobID
  package let number: UInt32
  package let app: String
  package let spec: JobSpec
  package let requirements: Requirements

  package init(job: JobID, number: UInt32, app: String, spec: JobSpec) {
    self.job = job
    self.number = number
    self.app = app
    self.spec = spec
    requirements = Requirements(spec)
  }

  package convenience init(_ job: Job) {
    self.init(job: job.id, number: job.version, app: job.app, spec: job.spec)
  }

  package static func == (a: JobVersion, b: JobVersion) -> Bool {
    a === b || (a.job == b.job && a.number == b.number)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(job)
    hasher.combine(number)
  }
}

/// An instance that is not over, together with the definition it obeys.
package struct ActiveInstance: Hashable, Sendable {
  package var instance: Instance
  package var definition: JobVersion
  package init(instance: Instance, definition: JobVersion) {
    self.instance = instance
    self.definition = definition
  }
}
