import SwitchyardModel

/// What several strategies report, as one: of the same name the later strategy wins.
struct MetricsMerge {
  struct Report {
    var numbers: [String: Double] = [:]
    var texts: [String: String] = [:]
    var tags: Set<String> = []
  }

  private var reports: [Report]
  /// What was handed on so far.
  private var told = Report()

  init(count: Int) { reports = Array(repeating: Report(), count: count) }

  /// - Returns: what has changed since the last time: NaN and empty text for what nobody reports any more.
  mutating func put(_ report: Report, from index: Int) -> WorkerMetrics {
    guard reports.indices.contains(index) else { return WorkerMetrics() }
    reports[index] = report
    let all = merged
    var delta = WorkerMetrics()
    for name in Set(all.numbers.keys).union(told.numbers.keys).sorted() where all.numbers[name] != told.numbers[name] {
      delta.numbers.append(.init(name: name, value: all.numbers[name] ?? .nan))
    }
    for name in Set(all.texts.keys).union(told.texts.keys).sorted() where all.texts[name] != told.texts[name] {
      delta.texts.append(Label(key: name, text: all.texts[name] ?? ""))
    }
    if all.tags != told.tags { delta.tags = all.tags.sorted() }
    told = all
    return delta
  }

  /// All that is known.
  var current: WorkerMetrics {
    WorkerMetrics(
      numbers: told.numbers.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) },
      texts: told.texts.sorted { $0.key < $1.key }.map { Label(key: $0.key, text: $0.value) },
      tags: told.tags.isEmpty ? nil : told.tags.sorted())
  }

  func text(_ name: String) -> String? { told.texts[name] }
  func number(_ name: String) -> Double? { told.numbers[name] }

  private var merged: Report {
    reports.reduce(into: Report()) { all, report in
      all.numbers.merge(report.numbers) { $1 }
      all.texts.merge(report.texts) { $1 }
      all.tags.formUnion(report.tags)
    }
  }
}
