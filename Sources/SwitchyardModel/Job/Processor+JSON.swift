/// `{"shell": {…}}`, `{"http": {…}}`, `{"noop": {…}}`.
extension Processor {
  /// How long a `noop` may last.
  static let durations: ClosedRange<Span> = .zero ... .seconds(365 * 86_400)

  init?(_ fields: ObjectReader) {
    guard let (name, reader) = fields.exactlyOne(of: ["shell", "http", "noop"]) else { return nil }
    let processor: Processor? =
      switch name {
      case "shell": reader.object { ShellCommand($0).map { .shell($0) } }
      case "http": reader.object { HTTPCall($0).map { .http($0) } }
      default: reader.object { .noop(duration: $0.optional("duration")?.span(in: Self.durations) ?? .zero) }
      }
    guard let processor else { return nil }
    self = processor
  }

  var json: JSONValue {
    switch self {
    case .shell(let command): ["shell": command.json]
    case .http(let call): ["http": call.json]
    case .noop(let duration): ["noop": duration == .zero ? [:] : ["duration": .string("\(duration)")]]
    }
  }
}

extension ShellCommand {
  /// Bytes of a command, an argument, or a variable: under the 128 KiB that Linux takes for one of them.
  static let bytes = 1...65_536
  private static let shell = ["/bin/sh", "-c"]

  /// `command` is one text for the shell, or a list of a program and its arguments; `env`; `cwd`, an absolute path.
  init?(_ fields: ObjectReader) {
    let command = fields.required("command", "a text for the shell, or a list of a program and its arguments")
    let environment = fields.optional("env")?.labels(
      count: 0...256, bytes: 0...Self.bytes.upperBound, multiline: true, key: NameRule.environment)
    let directory = fields.optional("cwd")?.string(bytes: 1...1024) { path in
      path.hasPrefix("/") ? nil : "an absolute path"
    }
    guard let command else { return nil }
    let arguments: [String]
    if case .array = command.value {
      arguments = command.list(count: 1...256) { $0.string(bytes: 0...Self.bytes.upperBound, multiline: true) }
      if arguments.first?.isEmpty == true { command.refuse(mustBe: "a list that begins with a program") }
    } else {
      let text = command.string(bytes: Self.bytes, multiline: true) { text in
        text.allSatisfy(\.isWhitespace) ? "a command that is not blank" : nil
      }
      arguments = Self.shell + [text]
    }
    self.init(arguments: arguments, environment: environment ?? [], directory: directory)
  }

  var json: JSONValue {
    var fields = JSONObject()
    let isText = arguments.count == 3 && arguments.starts(with: Self.shell) && !arguments[2].allSatisfy(\.isWhitespace)
    fields["command"] = isText ? .string(arguments[2]) : .array(arguments.map { .string($0) })
    fields["env"] = environment.isEmpty ? nil as JSONValue? : environment.json
    fields["cwd"] = directory.map { .string($0) }
    return .object(fields)
  }
}

extension HTTPCall {
  enum Method: String, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
  }

  private static let anyStatus = "a status of 100...599, or a range such as \"200-299\""

  init?(_ fields: ObjectReader) {
    let url = fields.string("url", bytes: 1...2048) { HTTPAddress(parsing: $0) == nil ? HTTPAddress.accepted : nil }
    self.init(url: url)
    if let reader = fields.optional("method") { method = reader.choice(of: Method.self)?.rawValue ?? method }
    if let reader = fields.optional("headers") {
      headers = reader.labels(count: 0...64, bytes: 0...8192, key: NameRule.header)
      let names = Set(headers.map { $0.key.lowercased() })
      if names.count < headers.count {
        reader.refuse(mustBe: "an object with each header field once, in any letter case")
      }
    }
    body = fields.optional("body")?.string(bytes: 0...65_536, multiline: true)
    if let reader = fields.optional("expect") {
      if case .array = reader.value {
        expect = reader.list(count: 1...16, Self.statuses)
      } else {
        expect = Self.statuses(reader).map { [$0] } ?? expect
      }
    }
  }

  /// `204` or `"200-299"`.
  private static func statuses(_ reader: ValueReader) -> ClosedRange<UInt16>? {
    var ends = reader.value.integerValue.map { [$0, $0] } ?? []
    if case .string(let text) = reader.value, text.utf8.count == 7 {
      ends = text.split(separator: "-").compactMap { $0.utf8.allSatisfy(\.isASCIIDigit) ? Int64($0) : nil }
    }
    guard ends.count == 2, ends[0] <= ends[1], ends[0] >= 100, ends[1] <= 599 else {
      reader.refuse(mustBe: anyStatus)
      return nil
    }
    return UInt16(ends[0])...UInt16(ends[1])
  }

  var json: JSONValue {
    var fields = JSONObject()
    fields["url"] = .string(url)
    fields["method"] = .string(method)
    fields["headers"] = headers.isEmpty ? nil as JSONValue? : headers.json
    fields["body"] = body.map { .string($0) }
    fields["expect"] = .array(
      expect.map { $0.count == 1 ? .integer(Int64($0.lowerBound)) : .string("\($0.lowerBound)-\($0.upperBound)") })
    return .object(fields)
  }
}
