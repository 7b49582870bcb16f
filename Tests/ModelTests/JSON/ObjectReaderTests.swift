import SwitchyardModel
import Testing

@Suite struct ObjectReaderTests {
  private enum Colour: String, CaseIterable { case red, green }

  private func problems(_ json: JSONValue, _ body: (ObjectReader) -> Int?) -> [String] {
    do {
      _ = try json.read(at: "spec", body)
      return []
    } catch {
      return error.errors.map(\.description)
    }
  }

  @Test func `all that is wrong is told at once, with paths`() {
    let json: JSONValue = [
      "retry": ["limit": "x", "jitter": 2], "tags": ["a", 7, ""], "colour": "blue", "tiemout": 1, "for": "1 hour",
      "labels": ["a b": 1], "at": "yesterday", "on": "yes",
    ]
    let found = problems(json) { spec in
      spec.object("retry") { retry in
        _ = retry.integer("limit", in: 0...100)
        _ = retry.double("jitter", in: 0...1)
      }
      _ = spec.list("tags", count: 0...3) { $0.string(bytes: 1...8) }
      _ = spec.optional("colour")?.choice(of: Colour.self)
      _ = spec.optional("timeout")?.integer(in: 1...5)
      _ = spec.optional("for")?.span(in: .zero ... .seconds(60))
      _ = spec.optional("labels")?.map(count: 0...4, key: { $0.contains(" ") ? "one word" : nil }) {
        $0.string(bytes: 1...2)
      }
      _ = spec.optional("at")?.timestamp()
      _ = spec.bool("on")
      _ = spec.string("name", bytes: 1...9)
      return 1
    }
    #expect(
      found == [
        "spec.retry.limit: must be an integer in 0...100, found \"x\"",
        "spec.retry.jitter: must be a number in 0.0...1.0, found 2",
        "spec.tags[1]: must be text of 1 to 8 bytes, found 7",
        "spec.tags[2]: must be text of 1 to 8 bytes, found \"\"",
        "spec.colour: must be one of red, green, found \"blue\"",
        "spec.for: must be a length of time such as \"500ms\", \"30s\", \"1h30m\" or \"2d\" (whole numbers with the units "
          + "d, h, m, s, ms, us, ns, largest first), found \"1 hour\"",
        "spec.labels: name: must be one word, found \"a b\"",
        "spec.labels[\"a b\"]: must be text of 1 to 2 bytes, found 1",
        "spec.at: must be a time such as \"2026-03-29T01:30:00Z\" or \"2026-03-29T03:30:00.250+02:00\" (RFC 3339), "
          + "found \"yesterday\"",
        "spec.on: must be true or false, found \"yes\"",
        "spec.name: is required: text of 1 to 9 bytes",
        "spec.tiemout: unknown field, did you mean \"timeout\"?",
      ])
  }

  @Test func `errors of one document are bounded`() throws {
    let json = JSONValue.array((0..<50).map { .integer($0) })
    do {
      _ = try JSONValue.object(["all": json].reduce(into: JSONObject()) { $0[$1.key] = $1.value }).read { fields in
        fields.list("all", count: 0...100) { $0.string(bytes: 0...1) }
      }
      Issue.record("nothing was refused")
    } catch {
      #expect(error.errors.count == 20)
      #expect(error.omitted == 30)
      #expect(error.description.hasSuffix("\nand 30 more"))
    }
  }

  @Test func `null stands for an absent field, and integers may be written as floats`() throws {
    let json: JSONValue = ["a": nil, "b": 3.0]
    let read = try json.read { ($0.optional("a") == nil, $0.integer("b", in: 0...UInt8.max)) }
    #expect(read == (true, 3))
    #expect(problems(["a": nil]) { $0.integer("a", in: 0...1) } == ["spec.a: is required: an integer in 0...1"])
    #expect(problems([]) { _ in 1 } == ["spec: must be an object, found a list of 0"])
    #expect(problems(["b": 3.5]) { $0.integer("b", in: 0...9) } == ["spec.b: must be an integer in 0...9, found 3.5"])
    #expect(
      problems(["b": 1e300]) { $0.integer("b", in: 0...9) } == ["spec.b: must be an integer in 0...9, found 1e+300"])
  }

  @Test func `text is bounded, and without control characters`() {
    for text in ["a\u{1b}[2J", "a\0", "a\u{7f}"] {
      #expect(problems(["a": .string(text)]) { $0.string("a", bytes: 1...99, multiline: true).count } != [])
    }
    #expect(problems(["a": "a\nb"]) { $0.string("a", bytes: 1...99).count } != [])
    #expect(problems(["a": "a\nb"]) { $0.string("a", bytes: 1...99, multiline: true).count } == [])
  }

  @Test func `what an error quotes from outside is one harmless line`() {
    #expect(quoted("a\"b\n\u{1b}[2J\u{202e}\u{0}") == "\"a\\\"b\\n\\u{1b}[2J\\u{202e}\\u{0}\"")
    #expect(quoted(String(repeating: "x", count: 99)) == "\"" + String(repeating: "x", count: 60) + "…\"")
  }

  @Test(arguments: [
    ("timezone", "timeZone"), ("retires", nil), ("prority", "priority"), ("slot", "slots"), ("zzz", nil),
    ("", nil), ("tag", "tags"), ("onlost", "onLost"),
  ])
  func `the name that was meant is found`(text: String, expected: String?) {
    let names = ["timeZone", "retry", "priority", "slots", "tags", "onLost"]
    #expect(nearest(to: text, among: names) == expected)
  }
}
