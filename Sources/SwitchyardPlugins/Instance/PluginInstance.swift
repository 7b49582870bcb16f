import CPluginHost
import CSwitchyard
package import SwitchyardModel

/// One instance of a plugin, made for one purpose with one configuration, both fixed for its life.
///
/// No instance is ever entered by two threads at once: whoever holds it (a lane, a metrics thread) calls it, and hands
/// it back to be retired.
package final class PluginInstance: @unchecked Sendable {
  package enum Role: UInt32, Sendable { case place = 1, home, metrics }

  package struct Purpose: Hashable, Sendable {
    package var role: Role
    package var lane: UInt32
    package var lanes: UInt32
    package var seatLimit: UInt32
    package init(role: Role, lane: UInt32 = 0, lanes: UInt32 = 1, seatLimit: UInt32 = 1_024) {
      self.role = role
      self.lane = lane
      self.lanes = lanes
      self.seatLimit = seatLimit
    }
  }

  package let plugin: LoadedPlugin
  /// What the plugin calls `self`.
  package let pointer: UnsafeMutableRawPointer?
  private let host: HostTable

  private init(plugin: LoadedPlugin, pointer: UnsafeMutableRawPointer?, host: HostTable) {
    self.plugin = plugin
    self.pointer = pointer
    self.host = host
  }

  /// Creates and activates an instance on the file's control thread. Blocks until that is done.
  ///
  /// - Parameters:
  ///   - configuration: a JSON object.
  ///   - timeout: for each of the two calls.
  /// - Throws: `configuration` with the plugin's own words, `failed` when it does not come back.
  package static func make(
    _ plugin: LoadedPlugin, for purpose: Purpose, configuration: String, services: HostServices,
    timeout: Span = .seconds(10)
  ) throws(PluginError) -> PluginInstance {
    let json: JSONValue
    do throws(FieldError) {
      json = try JSONValue(parsing: configuration)
    } catch {
      throw PluginError(.configuration, "configuration of \(plugin.id): \(error)")
    }
    guard json.objectValue != nil else {
      throw PluginError(.configuration, "configuration of \(plugin.id): must be a JSON object, found \(json.summary)")
    }
    let host = HostTable(plugin: plugin.id, services: services, counters: plugin.counters, configuration: json)
    let result = plugin.control.run(timeout: timeout.nanoseconds) { () -> Result<PluginInstance, PluginError> in
      do throws(PluginError) {
        return .success(try create(plugin, purpose, configuration, host))
      } catch {
        return .failure(error)
      }
    }
    guard let result else {
      throw PluginError(
        .failed, "plugin \(plugin.id): did not come back from create() within \(timeout.milliseconds) ms")
    }
    return try result.get()
  }

  private static func create(
    _ plugin: LoadedPlugin, _ purpose: Purpose, _ configuration: String, _ host: HostTable
  ) throws(PluginError) -> PluginInstance {
    let error = ErrorBuffer()
    var pointer: UnsafeMutableRawPointer?
    var text = configuration
    host.beginCreate()
    let status = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { bytes in
        var create = sy_create()
        create.size = UInt32(MemoryLayout<sy_create>.size)
        create.role = purpose.role.rawValue
        create.lane = purpose.lane
        create.lanes = purpose.lanes
        create.seat_limit = purpose.seatLimit
        create.host = UnsafePointer(host.pointer)
        create.config = sy_str(ptr: bytes.baseAddress, len: bytes.count)
        return guarded(plugin, "create") { plugin.description.functions.create(&create, &pointer, error.pointer) }
      }
    }
    host.endCreate()
    guard status == 0 else {
      let text = error.isEmpty ? "refused with \(statusText(status)), without a reason" : error.message
      plugin.counters.failed("create: \(text)")
      throw PluginError(status == -2 ? .configuration : .failed, "plugin \(plugin.id): \(text)")
    }
    if let activate = plugin.description.functions.activate {
      error.clear()
      let status = guarded(plugin, "activate") { activate(pointer, error.pointer) }
      guard status == 0 else {
        guarded(plugin, "destroy") { plugin.description.functions.destroy(pointer) }
        let text = error.isEmpty ? statusText(status) : error.message
        plugin.counters.failed("activate: \(text)")
        throw PluginError(.failed, "plugin \(plugin.id): activate: \(text)")
      }
    }
    return PluginInstance(plugin: plugin, pointer: pointer, host: host)
  }

  /// Deactivates and destroys it, some time, on the control thread. Nobody may use it any more.
  package func retire() {
    let instance = self
    plugin.control.later {
      let functions = instance.plugin.description.functions
      if let deactivate = functions.deactivate {
        Self.guarded(instance.plugin, "deactivate") { deactivate(instance.pointer) }
      }
      Self.guarded(instance.plugin, "destroy") { functions.destroy(instance.pointer) }
    }
  }

  /// A `[control]` call: the thread is afterwards what it was before.
  package static func guarded<Value>(
    _ plugin: LoadedPlugin, _ function: StaticString, _ body: () -> Value
  ) -> Value {
    let before = ThreadState()
    let start = HostClock.now
    ph_enter(plugin.crashName, function.text)
    let value = body()
    ph_leave()
    plugin.counters.called(time: HostClock.now - start, budget: .max)
    if let changed = before.restore() {
      plugin.counters.failed("\(function)() changed the \(changed) of its thread; this was put back")
    }
    return value
  }
}

extension StaticString {
  /// As C reads it.
  @inline(__always)
  package var text: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}
