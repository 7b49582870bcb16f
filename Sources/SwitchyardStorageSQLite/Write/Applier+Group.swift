import SwitchyardModel
import SwitchyardStorage

extension Applier {
  func begin() throws(SQLiteFailure) { try others.begin.run() }

  func commit() throws(SQLiteFailure) { try others.commit.run() }

  /// Applies the operations in order. Where there are none something is written all the same, so that the
  /// outcome tells whether the store writes.
  func apply(_ ops: [StoreOp], into results: inout [OpResult]) throws(SQLiteFailure) {
    if ops.isEmpty { try others.probe.run() }
    var index = 0
    while index < ops.count {
      let op = ops[index]
      index += 1
      if index < ops.count, let result = try applyPair(op, ops[index]) {
        results.append(result)
        if result == .applied {
          results.append(.applied)
          index += 1
        }
      } else {
        results.append(try apply(op))
      }
    }
  }
}
