import SwitchyardObservability
import Testing

@Suite struct HistogramTests {
  @Test func boundsBelongToTheRangeBelow() {
    var histogram = Histogram([1, 2, 5])
    for value in [0.5, 1, 1.5, 2, 3, 5, 6, .infinity] { histogram.record(value) }
    #expect(histogram.counts == [2, 2, 2, 2])
    #expect(histogram.count == 8)
  }

  @Test(arguments: [Histogram.latency, .duration, .size])
  func boundsAscend(histogram: Histogram) {
    #expect(zip(histogram.bounds, histogram.bounds.dropFirst()).allSatisfy { $0 < $1 })
  }
}
