import Glibc
import SwitchyardModel

/// One measured number, as a line of JSON: `{"figure":…,"value":…,"unit":…}` and what it was measured under.
enum Figure {
  static func report(_ figure: String, _ value: Double, _ unit: String, _ labels: [String: String] = [:]) {
    let rounded = value.isFinite ? (value * 1_000).rounded() / 1_000 : value
    var line = JSONObject()
    line["figure"] = .string(figure)
    line["value"] = .number(rounded)
    line["unit"] = .string(unit)
    for (name, text) in labels.sorted(by: { $0.key < $1.key }) { line[name] = .string(text) }
    print(JSONValue.object(line).text)
    // What was measured is there, also when a later part fails.
    fflush(nil)
  }

  /// The median of several runs, with the least and the most: one run says little on a machine with other things to do.
  static func report(_ figure: String, of runs: [Double], _ unit: String, _ labels: [String: String] = [:]) {
    let sorted = runs.sorted()
    var labels = labels
    labels["runs"] = "\(runs.count)"
    labels["least"] = text(sorted.first ?? .nan)
    labels["most"] = text(sorted.last ?? .nan)
    report(figure, percentile(sorted, 0.5), unit, labels)
  }

  /// Percentiles of many values in one run.
  static func report(_ figure: String, percentilesOf values: [Double], _ unit: String, _ labels: [String: String]) {
    let sorted = values.sorted()
    report("\(figure)_p50", percentile(sorted, 0.50), unit, labels)
    report("\(figure)_p99", percentile(sorted, 0.99), unit, labels)
    report("\(figure)_max", sorted.last ?? .nan, unit, labels)
  }

  private static func text(_ value: Double) -> String { "\((value * 1_000).rounded() / 1_000)" }
}

func percentile(_ sorted: [Double], _ share: Double) -> Double {
  sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}
