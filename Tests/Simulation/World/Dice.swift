import SwitchyardModel

/// One source of chance for each concern, so that a change in one does not shift all others.
struct Dice {
  var faults: SeededRandom
  var network: SeededRandom
  var store: SeededRandom
  var lanes: SeededRandom
  var clients: SeededRandom
  var processes: SeededRandom
  var timers: SeededRandom

  init(seed: UInt64) {
    func source(_ number: UInt64) -> SeededRandom { SeededRandom(seed: mix64(seed &* 31 &+ number)) }
    faults = source(1)
    network = source(2)
    store = source(3)
    lanes = source(4)
    clients = source(5)
    processes = source(6)
    timers = source(7)
  }
}

let microsecond: Int64 = 1_000
let millisecond: Int64 = 1_000_000
let second: Int64 = 1_000_000_000

extension SeededRandom {
  /// True in `perMille` of 1000 cases.
  mutating func chance(_ perMille: Int) -> Bool { below(1000) < UInt64(max(0, perMille)) }

  mutating func between(_ low: Int64, _ high: Int64) -> Int64 {
    high <= low ? low : low + Int64(below(UInt64(high - low)))
  }

  mutating func between(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(below(UInt64(range.upperBound - range.lowerBound + 1)))
  }

  /// Nil when there is nothing to pick from.
  mutating func pick<T>(_ choices: [T]) -> T? {
    choices.isEmpty ? nil : choices[Int(below(UInt64(choices.count)))]
  }

  /// Short mostly, long sometimes: `low · 2^u` up to `high`, u uniform.
  mutating func skewed(_ low: Int64, _ high: Int64) -> Int64 {
    var bound = max(1, low)
    var steps = 0
    while bound < high {
      bound *= 2
      steps += 1
    }
    let scale = max(1, low) << Int64(below(UInt64(steps + 1)))
    return min(high, between(scale, scale * 2))
  }
}
