import SwitchyardModel
import SwitchyardPlugins

/// What jobs ask for, compiled, by job. Belongs to one lane.
final class RequirementCache {
  private static let limit = 8_192
  private let interner: Interner
  private let columns: ColumnCatalogue
  private let wish: ([ColumnWish]) -> Void
  private var known: [JobID: CompiledRequirements] = [:]
  /// The job that was asked for last: the next is of the same, more often than not.
  private var last: (job: JobID, compiled: CompiledRequirements)?
  /// Wishes that were sent on, each once.
  private var wished: Set<ColumnWish> = []

  /// - Parameter wish: asks for columns, some time; they show up with a new generation.
  init(interner: Interner, columns: ColumnCatalogue, wish: @escaping ([ColumnWish]) -> Void) {
    self.interner = interner
    self.columns = columns
    self.wish = wish
  }

  @inline(__always)
  func compiled(_ request: PlacementRequest) -> CompiledRequirements {
    // Equal requirements of one job share their memory as a rule, so that these comparisons are short.
    if let last, last.job == request.job, last.compiled.requirements == request.requirements { return last.compiled }
    let found = known[request.job].flatMap { $0.requirements == request.requirements ? $0 : nil } ?? compile(request)
    last = (request.job, found)
    return found
  }

  private func compile(_ request: PlacementRequest) -> CompiledRequirements {
    if known.count >= Self.limit { known.removeAll(keepingCapacity: true) }
    var wishes: [ColumnWish] = []
    let fresh = CompiledRequirements(
      request.requirements, columns, number: { interner.number($0, from: .app(request.app)) }, wanted: &wishes)
    wishes.removeAll { columns.isFull($0.kind) || !ColumnCatalogue.isName($0.name) || wished.contains($0) }
    if !wishes.isEmpty, wished.count < 3 * ColumnCatalogue.limit {
      wished.formUnion(wishes)
      wish(wishes)
    }
    known[request.job] = fresh
    return fresh
  }

  /// Whether this lane places the job's instances.
  func knows(_ job: JobID) -> Bool { known[job] != nil }

  /// Columns have come: what was compiled without them is out of date.
  func clear() {
    known.removeAll(keepingCapacity: true)
    last = nil
  }
}
