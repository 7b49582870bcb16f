/// A bug that the world plants from outside, to prove that the checker would notice it.
package enum Plant: String, CaseIterable, Sendable {
  /// The store applies whatever epoch and server a write carries, and workers see no old epoch either.
  case noEpochCheck = "no-epoch-check"
  /// Assignments go out when their dispatch is handed to the store, not when it is durable.
  case sendBeforeCommit = "send-before-commit"
  /// Server and store take a result for one of whatever attempt the row has now.
  case noAttemptCheck = "no-attempt-check"
  /// Results are acknowledged to the worker when they arrive, before anything is written.
  case resultsNotKept = "results-not-kept"
  /// Timers that a server arms while it loads after a claim are lost.
  case timerLostOnRecovery = "timer-lost-on-recovery"
}
