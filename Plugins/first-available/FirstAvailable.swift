// switchyard.first-available: a balancer that takes the first worker with room, in an order that people can foresee.
//
// It packs: the second worker gets a job when the first is full. So the last ones stay idle, and may be switched off, or
// are the standby.
//
// The order is made when the view changes, and a call walks it once: whoever had no room for a job has none for the
// next of its size.

import CSwitchyard

private struct FirstAvailable {
  enum Order: UInt32 { case name, joined, weight }

  let host: UnsafePointer<sy_host>
  let by: Order
  /// Rows, in order: room for `limit` of them.
  let order: UnsafeMutableBufferPointer<UInt32>
  var count = 0
  /// Of the view that the order is of; nil: none yet.
  var generation: UInt64?

  /// Follows the view. A name's text is compared byte by byte; of equals the lower id, as rows lie, goes first.
  mutating func build(_ call: UnsafeMutablePointer<sy_call>) -> sy_status {
    guard let nodes = call.pointee.nodes, Int(nodes.pointee.count) <= order.count else {
      return sy_fail(call.pointee.error, SY_E_ARG, "more rows than seat_limit")
    }
    count = Int(nodes.pointee.count)
    for row in 0..<count { order[row] = UInt32(truncatingIfNeeded: row) }
    let rows = UnsafeMutableBufferPointer(rebasing: order[..<count])
    switch by {
    case .name:
      guard let name = nodes.pointee.name else { break }
      sort(rows) { compare(text(name[$0]), text(name[$1])) }
    case .joined:
      guard let joined = nodes.pointee.joined_ns else { break }
      sort(rows) { joined[$0] < joined[$1] ? -1 : joined[$0] > joined[$1] ? 1 : 0 }
    case .weight:
      guard let weight = nodes.pointee.weight else { break }
      sort(rows) { weight[$0] > weight[$1] ? -1 : weight[$0] < weight[$1] ? 1 : 0 }
    }
    generation = nodes.pointee.generation
    return SY_OK
  }

  private func sort(_ rows: UnsafeMutableBufferPointer<UInt32>, _ compare: (Int, Int) -> Int32) {
    var rows = rows
    rows.sort { a, b in
      let order = compare(Int(a), Int(b))
      return order == 0 ? a < b : order < 0
    }
  }

  private func text(_ interned: UInt32) -> sy_str { host.pointee.text_of(host.pointee.ctx, interned) }
}

private func compare(_ a: sy_str, _ b: sy_str) -> Int32 {
  let common = min(a.len, b.len)
  let order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common)
  return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len ? 1 : 0
}

/// Weight 0 means never, unless all that are left have it.
///
/// - Returns: the column, or nil if weights do not count.
private func weights(
  _ nodes: UnsafePointer<sy_nodes>, _ keep: UnsafePointer<UInt8>
) -> UnsafePointer<Float>? {
  guard let weight = nodes.pointee.weight else { return nil }
  for row in 0..<Int(nodes.pointee.count) where keep[row] != 0 && weight[row] > 0 { return weight }
  return nil
}

@c
private func pick(
  _ instance: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<sy_call>?,
  _ rows: UnsafePointer<sy_rows>?, _ picked: UnsafeMutablePointer<UInt32>?
) -> sy_status {
  guard let me = instance?.assumingMemoryBound(to: FirstAvailable.self), let call, let rows, let picked,
    let jobs = call.pointee.jobs, let nodes = call.pointee.nodes, let left = rows.pointee.left,
    let keep = rows.pointee.keep
  else { return SY_E_ARG }
  // prepare() comes first on each generation; this is for hosts that forget.
  if me.pointee.generation != nodes.pointee.generation || me.pointee.count != Int(nodes.pointee.count) {
    let status = me.pointee.build(call)
    guard status == SY_OK else { return status }
  }
  let order = me.pointee.order, count = me.pointee.count, weight = weights(nodes, keep)
  var at = 0
  var size: UInt32 = 0
  for j in 0..<call.pointee.job_count {
    guard let job = jobs[j] else { return SY_E_ARG }
    let slots = job.pointee.slots
    if slots != size {
      size = slots
      at = 0
    }
    while at < count {
      let row = Int(order[at])
      if keep[row] != 0, left[row] >= slots, weight.map({ $0[row] > 0 }) ?? true {
        left[row] &-= slots
        picked[j] = UInt32(truncatingIfNeeded: row)
        break
      }
      at &+= 1
    }
  }
  return SY_OK
}

@c
private func prepare(_ instance: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<sy_call>?) -> sy_status {
  guard let me = instance?.assumingMemoryBound(to: FirstAvailable.self), let call else { return SY_E_ARG }
  return me.pointee.build(call)
}

@c
private func create(
  _ create: UnsafePointer<sy_create>?, _ instance: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ error: UnsafeMutablePointer<sy_error>?
) -> sy_status {
  guard let create, let instance, let host = create.pointee.host else { return SY_E_ARG }
  let accepted = "\"name\", \"joined\" or \"weight\""
  var config = sy_config_open(create, error)
  sy_config_only(&config, "", "by")
  // The default comes back as it is: it must stay where it is beyond this call.
  let by = sy_config_text(&config, "/by", text("name"), 16, accepted)
  let order: FirstAvailable.Order
  if sy_same(by, sy_text(text("name"))) != 0 {
    order = .name
  } else if sy_same(by, sy_text(text("joined"))) != 0 {
    order = .joined
  } else {
    order = .weight
    if sy_same(by, sy_text(text("weight"))) == 0 { sy_config_refuse(&config, "/by", accepted) }
  }
  guard config.status == SY_OK else { return config.status }
  let made = UnsafeMutablePointer<FirstAvailable>.allocate(capacity: 1)
  made.initialize(
    to: FirstAvailable(host: host, by: order, order: .allocate(capacity: Int(max(1, create.pointee.seat_limit)))))
  instance.pointee = UnsafeMutableRawPointer(made)
  return SY_OK
}

@c
private func destroy(_ instance: UnsafeMutableRawPointer?) {
  guard let me = instance?.assumingMemoryBound(to: FirstAvailable.self) else { return }
  me.pointee.order.deallocate()
  me.deallocate()
}

@c
private func getExtension(_ id: UnsafePointer<CChar>?) -> UnsafeRawPointer? {
  guard let id else { return nil }
  if strcmp(id, SY_EXT_BALANCER) == 0 { return UnsafeRawPointer(balancer) }
  if strcmp(id, SY_EXT_PREPARE) == 0 { return UnsafeRawPointer(preparer) }
  return nil
}

// C wants addresses that stay: made once, by the first call of the entry, and never given back.

nonisolated(unsafe) private let balancer = lasting(
  sy_balancer(size: UInt32(MemoryLayout<sy_balancer>.size), reserved: 0, pick: pick))

nonisolated(unsafe) private let preparer = lasting(
  sy_prepare(size: UInt32(MemoryLayout<sy_prepare>.size), reserved: 0, period_ns: 0, prepare: prepare))

nonisolated(unsafe) private let plugin = lasting(
  sy_plugin(
    size: UInt32(MemoryLayout<sy_plugin>.size),
    abi_minor: SY_ABI_MINOR,
    flags: UInt64(SY_F_DETERMINISTIC),
    id: text("switchyard.first-available"),
    name: text("First available"),
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
  "properties":{"by":{"enum":["name","joined","weight"],"default":"name",\
  "description":"Who is first: the first by name, who joined first, or who weighs most."}}}
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
