import Foundation

/// The live table: drawn over itself on a terminal, a line now and then elsewhere.
struct DemoScreen {
  private let isTerminal = Terminal.isOutput
  private var drawn = 0
  private var lastLine = Date.distantPast

  /// A line that stays.
  mutating func say(_ text: String) {
    erase()
    print("► \(text)")
    flushOutput()
  }

  /// Firings by worker so far.
  mutating func show(_ counts: [String: Int], seconds: Double) {
    if isTerminal {
      erase()
      let top = max(1, counts.values.max() ?? 1)
      var lines = ["", "  \(Int(seconds)) s    site   firings"]
      for worker in DemoCluster.workers {
        let count = counts[worker.name] ?? 0
        let bar = String(repeating: "█", count: count * 40 / top)
        lines.append("  \(worker.name)  \(worker.site)  \(String(format: "%7d", count))  \(bar)")
      }
      for site in ["east", "west"] {
        let sum = DemoCluster.workers.filter { $0.site == site }.map { counts[$0.name] ?? 0 }.reduce(0, +)
        lines.append("  all     \(site)  \(String(format: "%7d", sum))")
      }
      print(lines.joined(separator: "\n"))
      drawn = lines.count
    } else if Date().timeIntervalSince(lastLine) > 2 {
      lastLine = Date()
      let cells = DemoCluster.workers.map { "\($0.name) \(counts[$0.name] ?? 0)" }
      print("  \(Int(seconds)) s  \(cells.joined(separator: "  "))")
    }
    flushOutput()
  }

  mutating func close() { drawn = 0 }

  private mutating func erase() {
    guard drawn > 0 else { return }
    print("\u{1B}[\(drawn)A\u{1B}[J", terminator: "")
    drawn = 0
  }
}
