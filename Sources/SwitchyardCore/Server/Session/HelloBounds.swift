import SwitchyardModel

/// What a hello may be; everything in it comes from outside.
enum HelloBounds {
  static let inventory = 100_000
  static let list = 256
  static let text = 256
  static let metrics = 1024

  /// Nil, or what is wrong with it and what is accepted.
  static func problem(of hello: Hello) -> String? {
    let profile = hello.profile
    guard (1...128).contains(hello.ref.name.utf8.count), hello.ref.name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return "name: 1 to 128 visible ASCII characters without a space are accepted" }
    guard (1...UInt64(Int64.max)).contains(hello.ref.incarnation) else {
      return "incarnation: 1 to \(Int64.max) is accepted"
    }
    guard hello.lineage <= UInt64(Int64.max) else { return "lineage: at most \(Int64.max) is accepted" }
    let slots = WorkerProfile.slotRange
    guard slots.contains(profile.slots) else {
      return "slots: \(slots.lowerBound) to \(slots.upperBound) are accepted"
    }
    guard profile.weight.isFinite, profile.weight >= 0, profile.weight <= 1e9 else {
      return "weight: 0 to 1e9 is accepted"
    }
    let lists = [profile.apps.count, profile.tags.count, profile.labels.count, profile.processors.count]
    guard lists.allSatisfy({ $0 <= list }) else {
      return "apps, tags, labels, processors: at most \(list) of each are accepted"
    }
    let names = [profile.site ?? "", profile.rack ?? "", profile.version]
    let texts = profile.apps + profile.tags + profile.processors + names
    guard texts.allSatisfy({ $0.utf8.count <= text }),
      profile.labels.allSatisfy({ $0.key.utf8.count <= text && $0.text.utf8.count <= text })
    else { return "profile: texts of at most \(text) bytes are accepted" }
    guard hello.inventory.count <= inventory else { return "inventory: at most \(inventory) items are accepted" }
    guard fits(hello.metrics) else {
      return "metrics: at most \(metrics) with texts of at most \(text) bytes are accepted"
    }
    return nil
  }

  static func fits(_ delta: WorkerMetrics) -> Bool {
    delta.numbers.count <= metrics && delta.texts.count <= metrics && (delta.tags?.count ?? 0) <= list
      && delta.numbers.allSatisfy { $0.name.utf8.count <= text }
      && delta.texts.allSatisfy { $0.key.utf8.count <= text && $0.text.utf8.count <= text }
      && (delta.tags?.allSatisfy { $0.utf8.count <= text } ?? true)
  }

  /// A result within the bounds of the message; what passes them is cut and says so.
  static func bounded(_ result: AttemptResult) -> AttemptResult {
    var result = result
    if let detail = result.detail, detail.utf8.count > 1 << 10 { result.detail = String(detail.prefix(256)) }
    if let text = result.result, text.utf8.count > 64 << 10 {
      result.result = nil
      result.detail = "a result of more than 64 KiB was dropped"
    }
    return result
  }
}
