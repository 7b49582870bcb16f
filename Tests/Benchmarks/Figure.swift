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
  }
}
