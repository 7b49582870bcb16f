import SwitchyardModel

@testable import SwitchyardServer
@testable import SwitchyardWorker

/// Everything that is one word.
@Sendable func texts(_ bytes: [UInt8]) {
  let text = text(bytes)
  if let span = try? Span(parsing: text) { expectSame(span, try Span(parsing: span.description)) }
  if let time = try? Timestamp(parsing: text) { expectSame(time, try Timestamp(parsing: time.description)) }
  if let id = InstanceID(text) { expectSame(id, InstanceID(id.description)) }
  if let id = try? EventID(text) { expect(id.description == text, "\(id)") }
  if let address = try? ServerAddress(parsing: text) {
    expectSame(address, try ServerAddress(parsing: address.description))
  }
  if let time = try? InstantInZone(parsing: text) { _ = time.instant(in: .utc) }
  if AddressRange(text) != nil {
    expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(quoted(text)) is taken for an address")
  }
  _ = (try? AddressPolicy(allow: [text], deny: [text]))?.refusal(of: text)
  _ = HTTPAddress(parsing: text)
  _ = ShimRecord(text)
  _ = try? TimeZoneDatabase.check(name: text)
  let words = ["schedule", "timeZone", "processor", "whenIsolated"]
  expect(nearest(to: text, among: words).map(words.contains) ?? true, "a word that nobody named")
  let shown = quoted(text)
  expect(shown.unicodeScalars.count <= 60 * 12 + 3, "\(shown.unicodeScalars.count) characters")
  expect(shown.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in \(shown)")
  for rule in [NameRule.app, NameRule.identifier, NameRule.tag, NameRule.environment, NameRule.header] {
    if rule(text) == nil { expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(shown) is a name") }
  }
}

/// Texts that may be tokens, and a secret with one of its letters wrong.
@Sendable func token(_ bytes: [UInt8]) {
  let text = text(bytes)
  if TokenText.isWhole(text) { expect(text.hasPrefix(TokenText.prefix) && text.utf8.count == 41, text) }
  _ = TokenRole(name: text)
  guard bytes.count > TokenText.secretBytes + 1 else { return }
  guard let token = TokenText(secret: Array(bytes.prefix(TokenText.secretBytes)))?.text else {
    fatalError("no token of \(TokenText.secretBytes) bytes")
  }
  expect(TokenText.isWhole(token), token)
  var wrong = Array(token.utf8)
  wrong[Int(bytes[TokenText.secretBytes]) % wrong.count] = bytes[TokenText.secretBytes + 1]
  let misspelt = String(decoding: wrong, as: UTF8.self)
  expect(misspelt == token || !TokenText.isWhole(misspelt), "\(misspelt) passes for \(token)")
}

/// Path and query, and each value of the query as every kind of parameter.
@Sendable func requestTarget(_ bytes: [UInt8]) {
  let parts = text(bytes).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
  let query = parts.count > 1 ? String(parts[1]) : nil
  guard let target = try? RequestTarget(path: String(parts[0]), query: query) else { return }
  let written = target.segments.map { "/" + escaped($0) }.joined()
  expectSame(target.segments, try RequestTarget(path: written, query: nil).segments)
  for (name, value) in target.query {
    let again = try? RequestTarget(path: "/", query: "\(escaped(name))=\(escaped(value))").query.first
    expect(again.map { $0 == (name, value) } ?? false, "\(name)=\(value) is not the same when it is read again")
    for parameter in parameters {
      do throws(FieldError) { try parameter.check(value) } catch { expect(!error.description.isEmpty, "no reason") }
    }
  }
}

private func escaped(_ text: String) -> String {
  text.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

private enum Word: String, CaseIterable { case one, two }

private let parameters = [
  Parameter<Int>.integer("n", in: 1...1000, "").declaration,
  Parameter<UInt64>.integer("n", in: 0...UInt64.max, "").declaration,
  Parameter<Word>.choice("n", "").declaration, Parameter.flag("n", "").declaration,
  Parameter.span("n", in: .zero ... .seconds(600), "").declaration, Parameter.time("n", "").declaration,
  Parameter<InstanceID>.identity("n", "").declaration, Parameter.text("n", bytes: 1...128, "").declaration,
]
