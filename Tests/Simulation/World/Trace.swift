import SwitchyardModel

/// Everything that happens, as a hash and, if somebody listens, as text.
struct Trace {
  private(set) var hash: UInt64 = 0
  private let sink: ((String) -> Void)?

  init(sink: ((String) -> Void)?) { self.sink = sink }

  var isOn: Bool { sink != nil }

  mutating func mix(_ value: UInt64) { hash = mix64(hash ^ value) &+ 0x9E37_79B9_7F4A_7C15 }
  mutating func mix(_ value: Int64) { mix(UInt64(bitPattern: value)) }
  mutating func mix(_ value: Int) { mix(UInt64(bitPattern: Int64(value))) }

  func say(_ now: Int64, _ text: @autoclosure () -> String) {
    guard let sink else { return }
    let milliseconds = now / 1_000_000
    let fraction = String(milliseconds % 1000)
    let micros = String(now / 1000 % 1000)
    let padding = String(repeating: "0", count: 3 - fraction.count)
    let microPadding = String(repeating: "0", count: 3 - micros.count)
    sink("\(milliseconds / 1000).\(padding)\(fraction)\(microPadding)\(micros)  \(text())")
  }
}
