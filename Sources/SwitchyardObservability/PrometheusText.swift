/// Metrics as Prometheus reads them: its text format, version 0.0.4.
package struct PrometheusText: Sendable {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package typealias Labels = KeyValuePairs<String, String>

  /// One value of a family.
  package struct Sample {
    var labels: Labels
    var value: Double

    package init(_ labels: Labels, _ value: Double) {
      self.labels = labels
      self.value = value
    }

    package init(_ labels: Labels, _ value: some BinaryInteger) { self.init(labels, Double(value)) }
    package init(_ value: Double) { self.init([:], value) }
    package init(_ value: some BinaryInteger) { self.init([:], Double(value)) }
  }

  package private(set) var text = ""

  package init() {}

  /// Values that only grow.
  ///
  /// - Parameter name: ends in `_total`.
  package mutating func counter(_ name: String, _ help: String, _ samples: [Sample]) {
    family(name, "counter", help)
    for sample in samples { line(name, sample.labels, nil, sample.value) }
  }

  package mutating func gauge(_ name: String, _ help: String, _ samples: [Sample]) {
    family(name, "gauge", help)
    for sample in samples { line(name, sample.labels, nil, sample.value) }
  }

  package mutating func histogram(_ name: String, _ help: String, _ series: [(labels: Labels, values: Histogram)]) {
    family(name, "histogram", help)
    for (labels, values) in series {
      var count: UInt64 = 0
      for (index, one) in values.counts.enumerated() {
        count += one
        let bound = index < values.bounds.count ? Self.number(values.bounds[index]) : "+Inf"
        line(name + "_bucket", labels, ("le", bound), Double(count))
      }
      line(name + "_sum", labels, nil, values.sum)
      line(name + "_count", labels, nil, Double(count))
    }
  }

  private mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(Self.escaped(help, quote: false))\n# TYPE \(name) \(type)\n"
  }

  private mutating func line(_ name: String, _ labels: Labels, _ last: (String, String)?, _ value: Double) {
    text += name
    var separator = "{"
    for (label, content) in labels.map({ ($0.key, $0.value) }) + (last.map { [$0] } ?? []) {
      text += "\(separator)\(label)=\"\(Self.escaped(content, quote: true))\""
      separator = ","
    }
    text += separator == "," ? "} " : " "
    text += Self.number(value) + "\n"
  }

  static func number(_ value: Double) -> String {
    if let whole = Int64(exactly: value) { return String(whole) }
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return "\(value)"
  }

  private static func escaped(_ text: String, quote: Bool) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == 0x0A || $0 == UInt8(ascii: "\"") }) else {
      return text
    }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quote: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
