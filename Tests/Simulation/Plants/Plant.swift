/// A bug that the world plants from outside, to prove that the checker would notice it.
package enum Plant: String, CaseIterable, Sendable {
  // MARK: Store and server

  /// The store applies whatever epoch and server a write carries, and workers see no old epoch either.
  case noEpochCheck = "no-epoch-check"
  /// Server and store take a result for one of whatever attempt the row has now.
  case noAttemptCheck = "no-attempt-check"
  /// The end of any run of a fixed delay sets its next due time, not only that of the run the chain stands at.
  case noChainCheck = "no-chain-check"
  /// Assignments go out when their dispatch is handed to the store, not when it is durable.
  case sendBeforeCommit = "send-before-commit"
  /// A commit whose outcome nobody knows is taken for an aborted one, and sent again.
  case unknownIsAborted = "unknown-is-aborted"
  /// Timers that a server arms while it loads after a claim are lost.
  case timerLostOnRecovery = "timer-lost-on-recovery"
  /// A read that failed is taken for one that found nothing.
  case failedReadIsEmpty = "failed-read-is-empty"
  /// A server that reads a full page of waiting instances forgets that there may be more.
  case overflowForgotten = "overflow-forgotten"
  /// Due times that passed while no server was there are left out.
  case missedIsIgnored = "missed-is-ignored"
  /// The key of a submission that is sent again is not looked at.
  case keysForgotten = "keys-forgotten"
  /// The credit of a pick is not given back when the store does not agree to its commit.
  case creditLeaked = "credit-leaked"

  // MARK: Sessions and workers

  /// Workers are told a longer lease than the server waits for.
  case leaseTooLong = "lease-too-long"
  /// What a worker's inventory does not have is taken for finished, its result on the way.
  case absentIsFinished = "absent-is-finished"
  /// Results are acknowledged to the worker when they arrive, before anything is written.
  case resultsNotKept = "results-not-kept"
  /// A worker sends each result once, and not again on its next stream.
  case resultsSentOnce = "results-sent-once"
  /// A worker runs an assignment again that arrives twice.
  case doublesRun = "doubles-run"
  /// A worker measures its lease by the wall clock.
  case wallClockLeases = "wall-clock-leases"
  /// Shims do not look at their deadline: what a stopped worker started lives on.
  case shimsNeverKill = "shims-never-kill"
  /// A worker that is to leave says good-bye at once, while attempts run.
  case goodbyeWhileWork = "goodbye-while-work"
}
