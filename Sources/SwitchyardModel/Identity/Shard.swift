/// One of 256 slices of all jobs; each has one owner at a time.
package struct Shard: Hashable, Comparable, Sendable {
  package let number: UInt8
  package init(_ number: UInt8) { self.number = number }

  package static let count = 256
  package static let all = (0...UInt8.max).map(Shard.init)

  /// The shard of a job, and of every instance that obeys a limit or a schedule of that job.
  package init(of job: JobID) { self.init(UInt8(truncatingIfNeeded: mix64(job.rawValue))) }

  /// The shard of an instance that was submitted through the API to a job without limits: it hashes by
  /// its own identity, so that a hot job has many owners.
  package init(of instance: InstanceID) { self.init(UInt8(truncatingIfNeeded: mix64(instance.rawValue))) }

  package static func < (a: Shard, b: Shard) -> Bool { a.number < b.number }
}

/// Grows each time a shard changes owner. Every write of the owner carries it.
package typealias Epoch = UInt64
