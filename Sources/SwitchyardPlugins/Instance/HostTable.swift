import CPluginHost
import CSwitchyard
import SwitchyardModel
import Synchronization

/// What an instance needs of the process around it.
package struct HostServices: Sendable {
  package var log: PluginLog
  package var interner: Interner
  package var columns: ColumnCatalogue
  /// The plugin's answers have changed: ask again.
  package var wake: @Sendable () -> Void

  package init(
    log: PluginLog, interner: Interner, columns: ColumnCatalogue, wake: @escaping @Sendable () -> Void = {}
  ) {
    self.log = log
    self.interner = interner
    self.columns = columns
    self.wake = wake
  }
}

/// The `sy_host` that one instance is lent, and what stands behind it. Lives until `destroy()` has returned.
final class HostTable: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<sy_host>
  let plugin: String
  let log: PluginLog
  let services: HostServices?
  let counters: PluginCounters?
  private let configuration: JSONValue
  /// Columns and counters may be had only while `create()` runs.
  private let isCreating = Atomic<Bool>(false)
  /// Texts of the configuration that were handed out; the control thread's alone.
  private var arena: [UnsafeMutableBufferPointer<CChar>] = []

  /// For an instance.
  init(plugin: String, services: HostServices, counters: PluginCounters, configuration: JSONValue) {
    self.plugin = plugin
    self.log = services.log
    self.services = services
    self.counters = counters
    self.configuration = configuration
    pointer = .allocate(capacity: 1)
    fill()
  }

  /// For the entry of a file, which may only log.
  init(plugin: String, log: PluginLog) {
    self.plugin = plugin
    self.log = log
    services = nil
    counters = nil
    configuration = .object(JSONObject())
    pointer = .allocate(capacity: 1)
    fill()
  }

  deinit {
    endCreate()
    pointer.deallocate()
  }

  func beginCreate() { isCreating.store(true, ordering: .releasing) }

  func endCreate() {
    isCreating.store(false, ordering: .releasing)
    for text in arena { text.deallocate() }
    arena.removeAll()
  }

  private func fill() {
    pointer.initialize(to: sy_host())
    pointer.pointee.size = UInt32(MemoryLayout<sy_host>.size)
    pointer.pointee.abi_minor = SY_ABI_MINOR
    pointer.pointee.ctx = Unmanaged.passUnretained(self).toOpaque()
    pointer.pointee.write_log = { context, level, text in
      guard let host = HostTable.of(context) else { return }
      let level = PluginLogLine.Level(rawValue: max(0, min(3, level))) ?? .info
      host.log.put(level, host.plugin, PluginText.read(text, limit: PluginLog.lineLimit))
    }
    pointer.pointee.count = { context, counter, amount in HostTable.of(context)?.counters?.add(amount, to: counter) }
    pointer.pointee.wake = { context in HostTable.of(context)?.services?.wake() }
    pointer.pointee.text_of = { context, number in
      HostTable.of(context)?.services?.interner.text(number) ?? sy_str(ptr: nil, len: 0)
    }
    pointer.pointee.intern = { context, text in
      guard let interner = HostTable.of(context)?.services?.interner, text.len <= Interner.textLimit else { return 0 }
      return interner.number(PluginText.read(text, limit: Interner.textLimit))
    }
    pointer.pointee.column = { context, type, name in
      HostTable.of(context)?.column(type, name) ?? .max
    }
    pointer.pointee.counter = { context, name in HostTable.of(context)?.counter(name) ?? .max }
    pointer.pointee.config = { context, path, index, out in
      HostTable.of(context)?.config(path, index, out) ?? UInt32(SY_ABSENT)
    }
    pointer.pointee.get_extension = { _, _ in nil }
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> HostTable? {
    context.map { Unmanaged<HostTable>.fromOpaque($0).takeUnretainedValue() }
  }

  private func column(_ type: UInt32, _ name: UnsafePointer<CChar>?) -> UInt32? {
    guard isCreating.load(ordering: .acquiring), let services,
      let name = PluginText.read(name, limit: 64), ColumnCatalogue.isName(name)
    else { return nil }
    switch type {
    case UInt32(SY_NUMBER): return services.columns.subscribe(.number, name)
    case UInt32(SY_TEXT): return services.columns.subscribe(.text, name)
    case UInt32(SY_BOOL): return services.columns.subscribe(.tag, name)
    default: return nil
    }
  }

  private func counter(_ name: UnsafePointer<CChar>?) -> UInt32? {
    guard isCreating.load(ordering: .acquiring), let name = PluginText.read(name, limit: 64), !name.isEmpty,
      name.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 95 })
    else { return nil }
    return counters?.named(name)
  }

  // MARK: Configuration

  private func config(
    _ path: UnsafePointer<CChar>?, _ index: UInt32, _ out: UnsafeMutablePointer<sy_value>?
  ) -> UInt32 {
    let absent = UInt32(SY_ABSENT)
    guard let out else { return absent }
    // Only as much is written as the plugin's header knows of the struct.
    let size = min(Int(out.pointee.size), MemoryLayout<sy_value>.size)
    guard size >= 8 else { return absent }
    var value = sy_value()
    value.size = out.pointee.size
    if isCreating.load(ordering: .acquiring), let path = PluginText.read(path, limit: 1_024) {
      find(path, index, &value)
    }
    withUnsafeBytes(of: &value) { bytes in
      UnsafeMutableRawBufferPointer(start: out, count: size).copyMemory(from: .init(rebasing: bytes[..<size]))
    }
    return value.type
  }

  private func find(_ path: String, _ index: UInt32, _ out: inout sy_value) {
    guard var value = configuration.at(pointer: path) else { return }
    if index != .max {
      switch value {
      case .array(let elements):
        guard elements.indices.contains(Int(index)) else { return }
        value = elements[Int(index)]
      case .object(let object):
        guard object.members.indices.contains(Int(index)) else { return }
        out.key = lend(object.members[Int(index)].name)
        value = object.members[Int(index)].value
      default: return
      }
    }
    switch value {
    case .null: out.type = UInt32(SY_NULL)
    case .bool(let bool):
      out.type = UInt32(SY_BOOL)
      out.number = bool ? 1 : 0
    case .integer(let number):
      out.type = UInt32(SY_NUMBER)
      out.number = Double(number)
    case .number(let number):
      out.type = UInt32(SY_NUMBER)
      out.number = number
    case .string(let text):
      out.type = UInt32(SY_TEXT)
      out.text = lend(text)
    case .array(let elements):
      out.type = UInt32(SY_LIST)
      out.count = elements.count
    case .object(let object):
      out.type = UInt32(SY_OBJECT)
      out.count = object.count
    }
  }

  /// A copy that lives until `create()` returns.
  private func lend(_ text: String) -> sy_str {
    guard !text.isEmpty else { return sy_str(ptr: nil, len: 0) }
    let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count)
    _ = copy.initialize(from: text.utf8.lazy.map { CChar(bitPattern: $0) })
    arena.append(copy)
    return sy_str(ptr: copy.baseAddress, len: copy.count)
  }
}

extension JSONValue {
  /// The value at a JSON pointer (RFC 6901); nil when there is none.
  func at(pointer: String) -> JSONValue? {
    if pointer.isEmpty { return self }
    guard pointer.first == "/" else { return nil }
    var value = self
    for part in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let name = Self.unescape(part) else { return nil }
      switch value {
      case .object(let object):
        guard let member = object[name] else { return nil }
        value = member
      case .array(let elements):
        // "0", or digits that do not begin with 0.
        guard let index = Int(name), String(index) == name, elements.indices.contains(index) else { return nil }
        value = elements[index]
      default: return nil
      }
    }
    return value
  }

  private static func unescape(_ part: Substring) -> String? {
    guard part.contains("~") else { return String(part) }
    var result = ""
    var rest = part
    while let character = rest.popFirst() {
      guard character == "~" else {
        result.append(character)
        continue
      }
      switch rest.popFirst() {
      case "0": result.append("~")
      case "1": result.append("/")
      default: return nil
      }
    }
    return result
  }
}
