import CSwitchyard

/// What one call of `collect()` puts, checked as it comes. Belongs to the thread that calls.
final class MetricsSink {
  static let limit = 256

  private(set) var numbers: [String: Double] = [:]
  private(set) var texts: [String: String] = [:]
  private(set) var tags: Set<String> = []
  /// Bad names, values that are not finite, and what is beyond the limit.
  private(set) var dropped: UInt64 = 0

  /// Calls the body with the struct that a plugin is given; it is good only within it.
  func with<Value>(_ body: (UnsafePointer<sy_sink>) -> Value) -> Value {
    var sink = sy_sink(
      size: UInt32(MemoryLayout<sy_sink>.size), reserved: 0, ctx: Unmanaged.passUnretained(self).toOpaque(),
      number: { context, name, value in MetricsSink.of(context)?.number(name, value) },
      text: { context, name, value in MetricsSink.of(context)?.text(name, value) },
      tag: { context, name in MetricsSink.of(context)?.tag(name) })
    return body(&sink)
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> MetricsSink? {
    context.map { Unmanaged<MetricsSink>.fromOpaque($0).takeUnretainedValue() }
  }

  private func number(_ name: UnsafePointer<CChar>?, _ value: Double) {
    guard let name = Self.name(name), value.isFinite, numbers[name] != nil || numbers.count < Self.limit else {
      dropped += 1
      return
    }
    numbers[name] = value
  }

  private func text(_ name: UnsafePointer<CChar>?, _ value: sy_str) {
    guard let name = Self.name(name), value.len <= Interner.textLimit,
      texts[name] != nil || texts.count < Self.limit
    else {
      dropped += 1
      return
    }
    texts[name] = PluginText.read(value, limit: Interner.textLimit)
  }

  private func tag(_ name: UnsafePointer<CChar>?) {
    guard let name = Self.name(name), tags.count < Self.limit else {
      dropped += 1
      return
    }
    tags.insert(name)
  }

  private static func name(_ name: UnsafePointer<CChar>?) -> String? {
    guard let name = PluginText.read(name, limit: 64), ColumnCatalogue.isName(name) else { return nil }
    return name
  }
}
