import Testing

/// Everything here runs the built programs as processes of their own and kills, stops and restarts them.
///
/// One test at a time: they measure what happens within leases of a few seconds, which a machine that runs
/// them all at once would not keep.
@Suite(.serialized) enum RealProcesses {}
