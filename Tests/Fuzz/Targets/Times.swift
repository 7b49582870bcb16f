import Foundation
import SwitchyardModel

@Sendable func cron(_ bytes: [UInt8]) {
  guard let cron = try? CronExpression(parsing: text(bytes)) else { return }
  expectSame(cron, try CronExpression(parsing: cron.text))
  expect(!cron.words.isEmpty, "no words")
  for zone in zones { walk(cron, after: instant(bytes), in: zone) }
}

/// Of the clock's centuries, a different one for each input.
private func instant(_ bytes: [UInt8]) -> Timestamp {
  let hash = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  return Timestamp(seconds: Int64(hash % (1 << 33)) - 1 << 32)
}

private let zones: [TimeZoneRules] = ["Europe/Paris", "Australia/Lord_Howe", "America/Santiago"].map { name in
  do {
    let file = URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)")
    return try TimeZoneRules(identifier: name, tzif: Array(Data(contentsOf: file)))
  } catch {
    fatalError("\(name): \(error)")
  }
}

@Sendable func tzif(_ bytes: [UInt8]) {
  if let rules = try? TimeZoneRules(identifier: "X", tzif: bytes) { walk(rules) }
}

/// The rule at the end of a file whose tables are empty.
@Sendable func posixRule(_ bytes: [UInt8]) {
  // No UTC and standard indicators, leap seconds, transitions; one type, at no offset, and one character.
  let counts: [UInt8] = Array(repeating: 0, count: 16) + [0, 0, 0, 1, 0, 0, 0, 1]
  let block = Array("TZif2".utf8) + Array(repeating: 0, count: 15) + counts + Array(repeating: 0, count: 7)
  let file = block + block + [0x0A] + bytes.filter { $0 != 0x0A } + [0x0A]
  if let rules = try? TimeZoneRules(identifier: "X", tzif: file) { walk(rules) }
}

private func walk(_ rules: TimeZoneRules) {
  for second in stride(from: Int64(-9_000_000_000), to: 9_000_000_000, by: 777_777_777) {
    let time = Timestamp(seconds: second)
    expect(abs(rules.offset(at: time)) <= 200_000, "an offset of \(rules.offset(at: time)) s")
    switch rules.instants(of: rules.civil(at: time)) {
    case .once(let same): expect(same == time, "\(same) instead of \(time)")
    case .twice(let first, let second): expect(time == first || time == second, "neither \(first) nor \(second)")
    case .skipped: fatalError("\(time) is said not to be")
    }
  }
  for end in [Timestamp.distantPast, .distantFuture] { _ = rules.offset(at: end) }
  for text in ["30 2 * * *", "*/20 * * * *", "0 0 L * 5#1"] {
    guard let cron = try? CronExpression(parsing: text) else { fatalError(text) }
    walk(cron, after: Timestamp(seconds: 1_700_000_000), in: rules)
  }
}

private func walk(_ cron: CronExpression, after start: Timestamp, in zone: TimeZoneRules) {
  var after = start
  for _ in 0..<3 {
    guard let next = cron.next(after: after, in: zone) else { return }
    expect(next > after, "\(cron) in \(zone.identifier): \(next) is not after \(after)")
    after = next
  }
}
