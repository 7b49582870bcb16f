import SwitchyardModel
import Testing

@Suite struct JSONValueTests {
  @Test(
    arguments: [
      ("null", JSONValue.null), (" true ", true), ("false", false), ("0", 0), ("-7", -7), ("1.0", .number(1)),
      ("-0", .number(-0.0)), ("2e3", .number(2000)), ("0.1", 0.1), ("9223372036854775807", .integer(.max)),
      ("-9223372036854775808", .integer(.min)), ("\"\"", ""), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"),
      (#""\u00e9\ud83d\ude00é😀""#, "é😀é😀"), (#""\u0000""#, "\0"), ("[]", []), ("[1,[2] , {}]", [1, [2], [:]]),
      ("{\"b\":1,\"a\":{\"c\":null}}", ["b": 1, "a": ["c": nil]]), ("\r\n\t[ ]", []),
    ] as [(String, JSONValue)])
  func `a text is read`(text: String, expected: JSONValue) throws {
    let value = try JSONValue(parsing: text)
    #expect(value == expected)
    #expect(try JSONValue(parsing: value.bytes) == value)
  }

  @Test(arguments: [
    ("", "line 1, column 1: expected a value, found the end of the text"),
    ("tru", "line 1, column 1: expected a value, found \"tru\""),
    ("[1,\n  2 3]", "line 2, column 5: expected \",\" or \"]\", found \"3\""),
    ("{\"a\":1,}", "line 1, column 8: expected a name in double quotes, found \"}\""),
    ("{\"é\" 1}", "line 1, column 6: expected \":\", found \"1\""),
    ("{\"a\":1,\n\"a\":2}", "line 2, column 1: the name \"a\" stands twice in this object"),
    ("01", "line 1, column 2: expected no digit after a leading 0, found \"1\""),
    ("-", "line 1, column 2: expected a digit, found the end of the text"),
    ("1.", "line 1, column 3: expected a digit, found the end of the text"),
    ("1e+", "line 1, column 4: expected a digit, found the end of the text"),
    ("[1] x", "line 1, column 5: expected the end of the text, found \"x\""),
    ("\"a", "line 1, column 3: expected the closing quote, found the end of the text"),
    ("\"\\x\"", "line 1, column 2: expected an escape: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX, found \"\\\\x\\\"\""),
    ("\"\\ud800\"", "line 1, column 2: half of a surrogate pair"),
    ("\"\\ud800\\u0041\"", "line 1, column 2: half of a surrogate pair"),
    ("\"\\u12g4\"", "line 1, column 6: expected four hexadecimal digits, found \"g4\\\"\""),
    (
      "\"a\nb\"",
      "line 1, column 3: expected no control character in a string (write \\n, \\t or \\u00XX), found \"\\n\""
    ),
    (
      "18446744073709551615",
      "line 1, column 1: the integer \"18446744073709551615\" does not fit 64 bits: send it as a string"
    ),
    ("1e999", "line 1, column 1: the number \"1e999\" is out of range"),
    ("\u{FEFF}1", "line 1, column 1: expected a value, found \"\\u{feff}1\""),
    ("'a'", "line 1, column 1: expected a value, found \"'a'\""),
  ])
  func `a text is refused, and where and why is said`(text: String, expected: String) {
    #expect(throws: FieldError.self) { try JSONValue(parsing: text) }
    do { _ = try JSONValue(parsing: text) } catch { #expect(error.description == expected) }
  }

  @Test func `bytes that are not UTF-8 are refused`() {
    for bytes: [UInt8] in [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0xFF], [0x22, 0xED, 0xA0, 0x80, 0x22], [0],
    ] {
      #expect(throws: FieldError.self) { try JSONValue(parsing: bytes) }
    }
  }

  @Test func `depth and size are bounded`() throws {
    let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    _ = try JSONValue(parsing: deep)
    #expect(throws: FieldError.self) { try JSONValue(parsing: "[\(deep)]") }
    #expect(throws: FieldError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
    #expect(throws: FieldError.self) { try JSONValue(parsing: "\"abc\"", limits: JSONLimits(bytes: 4)) }
    let wide = "{" + (0..<20_000).map { "\"\($0)\":0" }.joined(separator: ",") + "}"
    #expect(try JSONValue(parsing: wide).objectValue?.count == 20_000)
    #expect(throws: FieldError.self) { try JSONValue(parsing: wide.dropLast() + ",\"19999\":0}") }
  }

  @Test func `the written text is compact, and sorted where asked`() throws {
    let value: JSONValue = ["b": [1, 2.5, true, nil], "a": "x\u{1}\u{7F}/é\"", "é": [:], "Z": .number(.nan)]
    #expect(value.text == #"{"b":[1,2.5,true,null],"a":"x\u0001\u007f/é\"","é":{},"Z":null}"#)
    #expect(
      String(decoding: value.canonicalBytes, as: UTF8.self)
        == #"{"Z":null,"a":"x\u0001\u007f/é\"","b":[1,2.5,true,null],"é":{}}"#)
    for number in [1e300, 2.5e-308, -1.5e-10, 0.1, 1e21, 123_456_789_012_345_680] {
      #expect(try JSONValue(parsing: JSONValue.number(number).text) == .number(number))
    }
  }

  /// Not proof, but a net: whatever bytes come, reading ends, and what was read is written and read again the same.
  @Test func `mutated texts never trap`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let origin = Array(#"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00\n"],"b":{"c":null,"d":[true,false,{}]},"e":""}"#.utf8)
    for _ in 0..<5_000 {
      var bytes = origin
      for _ in 0...random.below(4) {
        let index = Int(random.below(UInt64(bytes.count)))
        switch random.below(3) {
        case 0: bytes[index] = UInt8(random.below(256))
        case 1: bytes.remove(at: index)
        default: bytes.insert(origin[Int(random.below(UInt64(origin.count)))], at: index)
        }
      }
      if let value = try? JSONValue(parsing: bytes) {
        #expect((try? JSONValue(parsing: value.bytes)) == value, "seed \(seed)")
      }
    }
  }
}
