import SwitchyardModel
import SwitchyardPlugins

/// Says why a job found nobody: how many workers there are and what became of each. "No worker available" is the most
/// asked question of all schedulers, so the answer is part of the decision.
///
/// `3 workers: 1 is draining, 2 refused by switchyard.datacenter: site west is not active`
enum Reasons {
  static func invariants(
    _ app: AppLane, _ needs: CompiledRequirements, _ mask: StaticMask, _ table: LaneTable
  ) -> String {
    let census = app.census(table)
    guard census.serving > 0 else {
      return census.all == 0 ? "no worker is connected" : "none of \(count(census.all)) serves app \(app.name)"
    }
    var parts = unavailable(app, census, needs, mask)
    if mask.kept > 0 {
      let slots = needs.requirements.slots
      parts.append(slots > 1 ? "\(mask.kept) without \(slots) free slots" : "\(mask.kept) full")
    }
    return sentence(census, parts)
  }

  static func filtered(
    _ app: AppLane, _ needs: CompiledRequirements, _ mask: StaticMask, _ table: LaneTable, by filter: String,
    refused: Int, before: Int, explanation: String
  ) -> String {
    let census = app.census(table)
    var parts = unavailable(app, census, needs, mask)
    if mask.kept > before { parts.append("\(mask.kept - before) full or refused before") }
    parts.append("\(refused) refused by \(filter)" + (explanation.isEmpty ? "" : ": \(explanation)"))
    return sentence(census, parts)
  }

  static func undecided(_ app: AppLane, _ needs: CompiledRequirements, by balancer: String, rows: Int) -> String {
    "\(balancer) chose none of \(count(rows)) that could take it"
  }

  private static func unavailable(
    _ app: AppLane, _ census: LaneTable.Census, _ needs: CompiledRequirements, _ mask: StaticMask
  ) -> [String] {
    var parts: [String] = []
    if census.draining > 0 { parts.append("\(census.draining) draining") }
    if census.suspended > 0 { parts.append("\(census.suspended) out of reach") }
    // Rows are published a few times a second.
    let joining = census.serving - census.draining - census.suspended - app.view.count
    if joining > 0 { parts.append("\(joining) joining") }
    if mask.withoutProcessor > 0 {
      parts.append("\(mask.withoutProcessor) without processor \(needs.requirements.processor)")
    }
    if mask.withoutTags > 0 {
      let tags = needs.requirements.tags.joined(separator: ", ")
      parts.append("\(mask.withoutTags) without tag\(needs.requirements.tags.count == 1 ? "" : "s") \(tags)")
    }
    return parts
  }

  private static func sentence(_ census: LaneTable.Census, _ parts: [String]) -> String {
    "\(count(census.serving)): \(parts.isEmpty ? "leaving" : parts.joined(separator: ", "))"
  }

  private static func count(_ workers: Int) -> String { workers == 1 ? "1 worker" : "\(workers) workers" }
}
