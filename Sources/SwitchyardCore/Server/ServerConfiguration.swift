package import SwitchyardModel

/// The times and bounds by which a server runs.
package struct ServerConfiguration: Hashable, Sendable {
  /// This server's number in the cluster, part of every identity that it makes; 0...1023.
  package var number: UInt16 = 1

  /// How often workers are asked to beat.
  package var heartbeatEvery: Span = .seconds(3)
  /// How long a worker may run on after sending a heartbeat that is acknowledged.
  package var lease: Span = .seconds(12)
  /// How much longer than the lease a worker must be silent before it is judged lost.
  package var verdictMargin: Span = .seconds(2)
  /// Nothing more is placed on a worker that was silent for so many heartbeats.
  package var silentHeartbeats: Int64 = 3

  /// How far ahead due times and retries are held in memory.
  package var horizon: Span = .seconds(60)
  /// For each shard: jobs whose due time is near.
  package var dueWindow = 512
  /// A job that the store shows as due for so long must be in memory as due; so many are compared at a time.
  package var overdueAfter: Span = .seconds(10)
  package var overduePage = 16
  /// For each shard: waiting instances. Up to twice as many are held where a new one ranks before all that
  /// were left in the store.
  package var waitingWindow = 256
  /// When a window is full of instances that nobody takes, some make room for others this often.
  package var rotateEvery: Span = .seconds(10)
  /// Rows of a page, where no window says otherwise.
  package var pageLimit = 256
  /// Reads under way at the same time.
  package var readLimit = 16

  /// Operations of one commit.
  package var commitGroup = 4_000
  /// Operations that may wait for a commit; beyond that, requests are refused and nothing fires.
  package var commitQueue = 40_000
  /// Instances that have been asked for and are not stored yet; beyond that, requests are refused.
  package var freshLimit = 40_000

  /// A request that the store does not answer is answered after this time, and at the latest after twice as long.
  package var requestTimeout: Span = .seconds(5)

  /// Requests of one question to a lane.
  package var placementBatch = 256
  /// Where more than this waits to be placed in an app, a new instance is stored without asking first.
  package var askFirstLimit = 512
  /// Those that found nobody are asked again at least this often.
  package var placementRetry: Span = .seconds(1)
  /// How long an instance waits after a worker would not take it; doubled by each further one, up to 64 times.
  package var rejectBackoff: Span = .milliseconds(100)

  /// An instance that was lost so many times in a row, as this server saw it, ends as lost under every `onLost`.
  package var lossLimit: UInt8 = 20

  package init() {}
}
