package import SwitchyardModel

/// What is kept, and for how long.
package struct RetentionRules: Hashable, Sendable {
  /// Instances that are over are kept for so long, with their attempts and logs; so are judged workers and deleted
  /// jobs. A submission that is repeated under its key is known again for as long.
  package var age: Span
  /// About so many instances of one job are kept, however young they are.
  package var instancesPerJob: Int
  /// Bytes of all logs together; the oldest go first.
  package var logBytes: Int

  package init(age: Span = .seconds(30 * 86_400), instancesPerJob: Int = 10_000, logBytes: Int = 10_000_000_000) {
    self.age = age
    self.instancesPerJob = instancesPerJob
    self.logBytes = logBytes
  }
}
