import SwitchyardObservability
import Testing

@Suite struct PrometheusTextTests {
  @Test func writesEachKind() {
    var text = PrometheusText()
    text.counter("a_total", "Things.", [.init(3)])
    text.gauge("b", "Others.", [.init(["x": "1", "y": "2"], 0.5), .init(["x": "2", "y": "2"], -1)])
    var values = Histogram([0.1, 1])
    for value in [0.05, 0.5, 2] { values.record(value) }
    text.histogram("c_seconds", "Times.", [(["z": "q"], values)])
    #expect(
      text.text == """
        # HELP a_total Things.
        # TYPE a_total counter
        a_total 3
        # HELP b Others.
        # TYPE b gauge
        b{x="1",y="2"} 0.5
        b{x="2",y="2"} -1
        # HELP c_seconds Times.
        # TYPE c_seconds histogram
        c_seconds_bucket{z="q",le="0.1"} 1
        c_seconds_bucket{z="q",le="1"} 2
        c_seconds_bucket{z="q",le="+Inf"} 3
        c_seconds_sum{z="q"} 2.55
        c_seconds_count{z="q"} 3

        """)
  }

  @Test func escapesWhatWouldEndALine() {
    var text = PrometheusText()
    text.gauge("a", "A \\ and\na \"line\".", [.init(["l": "q\" b\\ n\n"], 1)])
    #expect(text.text == "# HELP a A \\\\ and\\na \"line\".\n# TYPE a gauge\na{l=\"q\\\" b\\\\ n\\n\"} 1\n")
  }

  @Test(arguments: [
    (Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (1e300, "1e+300"), (1e15, "1000000000000000"),
  ])
  func numbers(value: Double, written: String) {
    var text = PrometheusText()
    text.gauge("a", "", [.init(value)])
    #expect(text.text.hasSuffix("\na \(written)\n"))
  }

  @Test func aProcessKnowsItself() throws {
    let usage = try #require(ProcessUsage())
    #expect(usage.residentBytes > 1 << 20 && usage.virtualBytes >= usage.residentBytes)
    #expect(usage.openFiles >= 3 && usage.openFiles <= usage.maximumFiles)
    #expect(usage.cpuSeconds > 0)
    #expect(usage.startedAt > 1_700_000_000)
  }
}
