/// How often values fell into each of some ranges.
package struct Histogram: Sendable {
  /// The upper ends of the ranges, each included; what is above the last is in a range of its own.
  package let bounds: [Double]
  /// One more than there are bounds. Not cumulative.
  package private(set) var counts: [UInt64]
  package private(set) var sum = 0.0

  /// - Parameter bounds: in ascending order.
  package init(_ bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  package mutating func record(_ value: Double) {
    // Most values are small, and the bounds few.
    var index = 0
    while index < bounds.count, value > bounds[index] { index += 1 }
    counts[index] += 1
    sum += value
  }

  package var count: UInt64 { counts.reduce(0, +) }
}

extension Histogram {
  /// Seconds of what should be done in milliseconds: 0.1 ms to a minute.
  package static let latency = Histogram([
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ])

  /// Seconds of what may take hours.
  package static let duration = Histogram([
    0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 14_400, 86_400,
  ])

  /// How many were done in one go.
  package static let size = Histogram([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000, 10_000])
}
