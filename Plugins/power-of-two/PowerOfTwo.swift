// switchyard.power-of-two: a balancer that looks at two random workers and takes the less loaded.
//
// Two choices instead of one bring the longest queue from log n / log log n down to log log n, and a third gains
// little more (M. Mitzenmacher: The power of two choices in randomized load balancing, IEEE TPDS 12(10), 2001).
// It costs a few nanoseconds however many workers there are, and it does not herd: no worker is everybody's
// favourite, even by old numbers.
//
// A Swift plugin depends on the ABI alone: no Foundation, no classes, no allocation while picking. Arithmetic is the
// wrapping one, since a trap would take the host down.

import CSwitchyard

/// An instance: its configuration is all that it holds.
private struct PowerOfTwo {
  /// How many workers to look at, 2...8.
  var choices: UInt32
}

/// What one call works on: the columns, and who is left.
private struct Candidates {
  let rows: UnsafePointer<sy_rows>
  let left: UnsafeMutablePointer<UInt32>
  let avail: UnsafePointer<UInt32>
  let used: UnsafePointer<UInt32>
  let slots: UnsafePointer<UInt32>
  let weight: UnsafePointer<Float>?

  /// Nil if the host left out what it promises always to give.
  init?(_ call: UnsafeMutablePointer<sy_call>, _ rows: UnsafePointer<sy_rows>) {
    guard let nodes = call.pointee.nodes?.pointee, let left = rows.pointee.left,
      let avail = nodes.avail, let used = nodes.used, let slots = nodes.slots
    else { return nil }
    self.rows = rows
    self.left = left
    self.avail = avail
    self.used = used
    self.slots = slots
    self.weight = nodes.weight
  }

  var count: UInt32 { rows.pointee.count }

  func row(_ i: UInt32) -> Int { Int(sy_row(rows, i)) }

  /// Slots taken with this job in it, for the size and weight of the worker. What was picked before in the call is
  /// `avail - left`. `nil`: not to be picked, for it is full, or of weight 0 while weights count.
  func load(_ row: Int, _ need: UInt32, weights: Bool) -> Float? {
    guard left[row] >= need else { return nil }
    let taken = Float(used[row]) + Float(avail[row] &- left[row]) + Float(need)
    let size = Float(slots[row] == 0 ? 1 : slots[row])
    guard weights, let weight else { return taken / size }
    guard weight[row] > 0 else { return nil }
    return taken / (size * weight[row])
  }

  /// From a random place on, the first that may be picked: when those drawn may not.
  func first(from start: UInt32, _ need: UInt32, weights: Bool) -> Int? {
    var i = start
    for _ in 0..<count {
      let row = row(i)
      if load(row, need, weights: weights) != nil { return row }
      i = i &+ 1 == count ? 0 : i &+ 1
    }
    return nil
  }

  /// Weight 0 means never, unless all that are left have it.
  func allWeightless() -> Bool {
    guard let weight else { return true }
    for i in 0..<count where weight[row(i)] > 0 { return false }
    return true
  }
}

@c
private func pick(
  _ instance: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<sy_call>?,
  _ rows: UnsafePointer<sy_rows>?, _ picked: UnsafeMutablePointer<UInt32>?
) -> sy_status {
  guard let instance, let call, let rows, let picked, rows.pointee.count > 0,
    let jobs = call.pointee.jobs, let candidates = Candidates(call, rows)
  else { return SY_E_ARG }
  let choices = instance.assumingMemoryBound(to: PowerOfTwo.self).pointee.choices
  for j in 0..<call.pointee.job_count {
    guard let job = jobs[j] else { return SY_E_ARG }
    let need = job.pointee.slots
    guard let row = choose(among: candidates, choices, need, call) else { continue }
    candidates.left[row] &-= need
    picked[j] = UInt32(truncatingIfNeeded: row)
  }
  return SY_OK
}

private func choose(
  among candidates: Candidates, _ choices: UInt32, _ need: UInt32, _ call: UnsafeMutablePointer<sy_call>
) -> Int? {
  var best: Int?
  var least = Float.infinity
  var first: UInt32 = 0
  for c in 0..<choices {
    var i = sy_below(call, candidates.count)
    if c == 0 {
      first = i
    } else if c == 1, candidates.count > 1 {
      // The second is another one than the first: drawn from the others.
      i = sy_below(call, candidates.count &- 1)
      if i >= first { i &+= 1 }
    }
    let row = candidates.row(i)
    if let load = candidates.load(row, need, weights: true), load < least {
      best = row
      least = load
    }
  }
  if let best { return best }
  let start = sy_below(call, candidates.count)
  if let row = candidates.first(from: start, need, weights: true) { return row }
  return candidates.allWeightless() ? candidates.first(from: start, need, weights: false) : nil
}

@c
private func create(
  _ create: UnsafePointer<sy_create>?, _ instance: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ error: UnsafeMutablePointer<sy_error>?
) -> sy_status {
  guard let create, let instance else { return SY_E_ARG }
  var config = sy_config_open(create, error)
  sy_config_only(&config, "", "choices")
  let choices = sy_config_number(&config, "/choices", 2, 2, 8, "a whole number from 2 to 8")
  if choices != choices.rounded(.down) {
    sy_config_refuse(&config, "/choices", "a whole number from 2 to 8")
  }
  guard config.status == SY_OK else { return config.status }
  let made = UnsafeMutablePointer<PowerOfTwo>.allocate(capacity: 1)
  made.initialize(to: PowerOfTwo(choices: UInt32(choices)))
  instance.pointee = UnsafeMutableRawPointer(made)
  return SY_OK
}

@c
private func destroy(_ instance: UnsafeMutableRawPointer?) {
  instance?.assumingMemoryBound(to: PowerOfTwo.self).deallocate()
}

@c
private func getExtension(_ id: UnsafePointer<CChar>?) -> UnsafeRawPointer? {
  guard let id, strcmp(id, SY_EXT_BALANCER) == 0 else { return nil }
  return UnsafeRawPointer(balancer)
}

// C wants addresses that stay: made once, by the first call of the entry, and never given back.

nonisolated(unsafe) private let balancer = lasting(
  sy_balancer(size: UInt32(MemoryLayout<sy_balancer>.size), reserved: 0, pick: pick))

nonisolated(unsafe) private let plugin = lasting(
  sy_plugin(
    size: UInt32(MemoryLayout<sy_plugin>.size),
    abi_minor: SY_ABI_MINOR,
    flags: UInt64(SY_F_DETERMINISTIC),
    id: text("switchyard.power-of-two"),
    name: text("Power of two choices"),
    version: text("0.1.0"),
    vendor: text("Switchyard"),
    license: text("Apache-2.0"),
    config_schema: text(schema),
    create: create,
    activate: nil,
    deactivate: nil,
    destroy: destroy,
    get_extension: getExtension,
    shutdown: nil,
    next: nil))

private let schema: StaticString = """
  {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,\
  "properties":{"choices":{"type":"integer","minimum":2,"maximum":8,"default":2,\
  "description":"How many random workers to look at."}}}
  """

private func lasting<Value>(_ value: Value) -> UnsafeMutablePointer<Value> {
  let place = UnsafeMutablePointer<Value>.allocate(capacity: 1)
  place.initialize(to: value)
  return place
}

/// Literals are NUL-terminated, and there for ever.
private func text(_ literal: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}

@c @implementation
public func switchyard_plugin_v1(_ host: UnsafePointer<sy_host>!) -> UnsafePointer<sy_plugin>! {
  UnsafePointer(plugin)
}
