import SwiftProtobuf
import SwitchyardModel

extension WireAttemptRef {
  init(_ ref: AttemptRef) {
    self = .with {
      $0.instance = ref.instance.rawValue
      $0.attempt = ref.attempt
    }
  }

  var model: AttemptRef { AttemptRef(instance: InstanceID(rawValue: instance), attempt: attempt) }
}

extension WireShardEpoch {
  init(_ claim: ShardClaim) {
    self = .with {
      $0.shard = UInt32(claim.shard.number)
      $0.epoch = claim.epoch
    }
  }

  func model() throws(WireError) -> ShardClaim { ShardClaim(shard: try wireShard(shard), epoch: epoch) }
}

func wireShard(_ number: UInt32) throws(WireError) -> Shard {
  guard let number = UInt8(exactly: number) else { throw WireError("shard must be 0 to 255") }
  return Shard(number)
}

func wireTime(_ time: Timestamp?) -> Int64 { time?.nanoseconds ?? 0 }

func modelTime(_ nanoseconds: Int64) -> Timestamp? {
  nanoseconds == 0 ? nil : Timestamp(nanoseconds: nanoseconds)
}

extension WireMetrics {
  init(_ metrics: WorkerMetrics) {
    self = .with {
      for number in metrics.numbers { $0.numbers[number.name] = number.value }
      for label in metrics.texts { $0.texts[label.key] = label.text }
      if let tags = metrics.tags {
        $0.hasTags_p = true
        $0.tags = tags
      }
    }
  }

  func model() throws(WireError) -> WorkerMetrics {
    try count(numbers.count, atMost: WireBounds.listCount, "metrics.numbers")
    var result = WorkerMetrics()
    for key in numbers.keys.sorted() {
      result.numbers.append(.init(name: try name(key, "metrics.numbers"), value: numbers[key] ?? .nan))
    }
    result.texts = try labels(texts, "metrics.texts")
    if hasTags_p { result.tags = try list(tags, "metrics.tags", tag) }
    return result
  }
}

func labels(_ map: [String: String], _ field: String) throws(WireError) -> [Label] {
  try count(map.count, atMost: WireBounds.listCount, field)
  var result: [Label] = []
  for key in map.keys.sorted() {
    result.append(Label(key: try tag(key, field), text: try bounded(map[key] ?? "", WireBounds.textBytes, field)))
  }
  return result
}

/// Sorted, without doubles.
///
/// - Parameter rule: of each.
func list(
  _ texts: [String], _ field: String, _ rule: (String, @autoclosure () -> String) throws(WireError) -> String
) throws(WireError) -> [String] {
  try count(texts.count, atMost: WireBounds.listCount, field)
  var result: [String] = []
  for text in texts.sorted() where text != result.last { result.append(try rule(text, field)) }
  return result
}

extension WireProfile {
  init(_ profile: WorkerProfile) {
    self = .with {
      $0.apps = profile.apps
      $0.slots = profile.slots
      $0.tags = profile.tags
      for label in profile.labels { $0.labels[label.key] = label.text }
      $0.processors = profile.processors
      $0.weight = profile.weight
      $0.site = profile.site ?? ""
      $0.rack = profile.rack ?? ""
      $0.version = profile.version
    }
  }

  func model() throws(WireError) -> WorkerProfile {
    guard WorkerProfile.slotRange.contains(slots) else {
      throw WireError("hello.profile.slots must be 1 to \(WorkerProfile.slotRange.upperBound)")
    }
    guard weight.isFinite, (0...1e6).contains(weight) else {
      throw WireError("hello.profile.weight must be 0 to 1000000")
    }
    return WorkerProfile(
      apps: try list(apps, "hello.profile.apps", name), slots: slots, tags: try list(tags, "hello.profile.tags", tag),
      labels: try SwitchyardWire.labels(labels, "hello.profile.labels"),
      processors: try list(processors, "hello.profile.processors", name), weight: weight,
      site: site.isEmpty ? nil : try tag(site, "hello.profile.site"),
      rack: rack.isEmpty ? nil : try tag(rack, "hello.profile.rack"),
      version: try bounded(version, WireBounds.nameBytes, "hello.profile.version"))
  }
}
