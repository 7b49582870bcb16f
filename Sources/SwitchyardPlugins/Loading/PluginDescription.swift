import CSwitchyard

/// What a plugin says of itself (`sy_plugin`), checked and copied.
struct PluginDescription: @unchecked Sendable {
  var id: String
  var name: String
  var version: String
  var vendor: String
  var license: String
  var configSchema: String?
  var abiMinor: UInt32
  var flags: UInt64
  /// The functions; texts in it are not to be used.
  var functions: sy_plugin
  var tables: PluginTables

  /// Sizes of minor 0: what every plugin of this major has at least.
  static let size = 120
}

/// Reads the structs of a plugin at load. Each is preceded by its size as the plugin's author knew it: what is shorter
/// than minor 0 is refused with the first field that is missing, what is longer is a newer minor and is cut.
struct DescriptionReader {
  /// How the file is called in errors.
  let file: String
  static let chainLimit = 16

  /// All plugins of a file, along `next`.
  func plugins(from first: UnsafePointer<sy_plugin>) throws(PluginError) -> [PluginDescription] {
    var found: [PluginDescription] = []
    var next: UnsafePointer<sy_plugin>? = first
    while let pointer = next {
      guard found.count < Self.chainLimit else {
        throw refusal("sy_plugin.next: more than \(Self.chainLimit) plugins in one file, or a chain without an end")
      }
      let raw = try copy(pointer, as: sy_plugin.self, "sy_plugin", minimum: PluginDescription.size, Self.pluginFields)
      let plugin = try describe(raw)
      guard !found.contains(where: { $0.id == plugin.id }) else {
        throw refusal("sy_plugin.id: two plugins in this file call themselves \(plugin.id)")
      }
      found.append(plugin)
      next = raw.next
    }
    return found
  }

  private func describe(_ raw: sy_plugin) throws(PluginError) -> PluginDescription {
    let id = try text(raw.id, "sy_plugin.id", limit: 64)
    guard !id.isEmpty, id.utf8.allSatisfy({ Self.isIDByte($0) }) else {
      throw refusal("sy_plugin.id: must be 1 to 64 of a-z, 0-9, \".\" and \"-\", as com.acme.any; found \"\(id)\"")
    }
    let version = try text(raw.version, "sy_plugin.version", limit: 64)
    guard Self.isSemantic(version) else {
      throw refusal("sy_plugin.version: must be a semantic version as 1.0.0, found \"\(version)\"")
    }
    guard raw.create != nil else { throw missing("sy_plugin.create") }
    guard raw.destroy != nil else { throw missing("sy_plugin.destroy") }
    guard raw.get_extension != nil else { throw missing("sy_plugin.get_extension") }
    let schema = raw.config_schema == nil ? nil : try text(raw.config_schema, "sy_plugin.config_schema", limit: 1 << 20)
    return PluginDescription(
      id: id, name: try text(raw.name, "sy_plugin.name", limit: 256), version: version,
      vendor: raw.vendor == nil ? "" : try text(raw.vendor, "sy_plugin.vendor", limit: 256),
      license: raw.license == nil ? "" : try text(raw.license, "sy_plugin.license", limit: 256),
      configSchema: schema, abiMinor: raw.abi_minor, flags: raw.flags, functions: raw,
      tables: try tables(of: raw, id: id))
  }

  private func tables(of plugin: sy_plugin, id: String) throws(PluginError) -> PluginTables {
    guard plugin.get_extension("switchyard.no-such-extension/1") == nil else {
      throw refusal("\(id): get_extension() answers with a struct for an id that does not exist; it must answer NULL")
    }
    func ask(_ kind: PluginKind) -> UnsafeRawPointer? { plugin.get_extension(kind.extensionID) }
    var tables = PluginTables()
    if let pointer = ask(.filter) {
      let table = try copy(pointer, as: sy_filter.self, "sy_filter", minimum: 24, ["filter": 16, "explain": 24])
      guard table.filter != nil else { throw missing("sy_filter.filter") }
      tables.filter = table
    }
    if let pointer = ask(.scorer) {
      let table = try copy(pointer, as: sy_scorer.self, "sy_scorer", minimum: 16, ["score": 16])
      guard table.score != nil else { throw missing("sy_scorer.score") }
      tables.scorer = table
    }
    if let pointer = ask(.balancer) {
      let table = try copy(pointer, as: sy_balancer.self, "sy_balancer", minimum: 16, ["pick": 16])
      guard table.pick != nil else { throw missing("sy_balancer.pick") }
      tables.balancer = table
    }
    if let pointer = ask(.prepare) {
      let table = try copy(
        pointer, as: sy_prepare.self, "sy_prepare", minimum: 24, ["period_ns": 16, "prepare": 24])
      guard table.prepare != nil else { throw missing("sy_prepare.prepare") }
      tables.prepare = table
    }
    if let pointer = ask(.observer) {
      let table = try copy(
        pointer, as: sy_observer.self, "sy_observer", minimum: 24, ["event_size": 8, "kinds": 16, "events": 24])
      guard table.events != nil else { throw missing("sy_observer.events") }
      guard (64...4_096).contains(table.event_size), table.event_size % 8 == 0 else {
        throw refusal("sy_observer.event_size: must be sizeof(sy_event), at least 64, found \(table.event_size)")
      }
      tables.observer = table
    }
    if let pointer = ask(.state) {
      let table = try copy(
        pointer, as: sy_state.self, "sy_state", minimum: 32, ["version": 8, "oldest": 12, "save": 24, "load": 32])
      guard table.save != nil else { throw missing("sy_state.save") }
      guard table.load != nil else { throw missing("sy_state.load") }
      guard table.oldest <= table.version else {
        throw refusal("sy_state.oldest: is \(table.oldest), after version \(table.version)")
      }
      tables.state = table
    }
    if let pointer = ask(.commands) {
      tables.commands = try commands(pointer)
    }
    if let pointer = ask(.metrics) {
      let table = try copy(
        pointer, as: sy_metrics.self, "sy_metrics", minimum: 24, ["period_ns": 16, "collect": 24])
      guard table.collect != nil else { throw missing("sy_metrics.collect") }
      tables.metrics = table
    }
    guard !tables.kinds.isEmpty else {
      throw refusal("\(id) offers nothing: get_extension() answers NULL for every id this host knows")
    }
    return tables
  }

  private func commands(_ pointer: UnsafeRawPointer) throws(PluginError) -> sy_commands {
    let table = try copy(
      pointer, as: sy_commands.self, "sy_commands", minimum: 24, ["count": 8, "stride": 16, "list": 24])
    guard table.count <= 1_024 else { throw refusal("sy_commands.count: at most 1024, found \(table.count)") }
    guard table.count == 0 || table.list != nil else { throw missing("sy_commands.list") }
    guard table.stride >= MemoryLayout<sy_command>.size, table.stride <= 4_096, table.stride % 8 == 0 else {
      throw refusal("sy_commands.stride: must be sizeof(sy_command), at least 48, found \(table.stride)")
    }
    return table
  }

  // MARK: Fields

  /// Copies as much of a struct as both sides know; the rest is zero.
  ///
  /// - Parameters:
  ///   - minimum: its size in minor 0.
  ///   - ends: for each field the offset behind it, to say which one is missing.
  private func copy<Struct>(
    _ pointer: UnsafeRawPointer, as type: Struct.Type, _ name: String, minimum: Int, _ ends: KeyValuePairs<String, Int>
  ) throws(PluginError) -> Struct {
    let size = Int(pointer.loadUnaligned(as: UInt32.self))
    if size < minimum {
      let field = ends.first { $0.value > size }?.key ?? "size"
      throw refusal(
        "\(name).size is \(size), so that \(name).\(field) is missing; minor 0 of the ABI has \(minimum) bytes: "
          + "set size to sizeof(\(name))")
    }
    guard size <= 4_096, size % 8 == 0 else {
      throw refusal("\(name).size is \(size), which no version of the ABI has: set it to sizeof(\(name))")
    }
    return withUnsafeTemporaryAllocation(of: Struct.self, capacity: 1) { buffer in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      raw.initializeMemory(as: UInt8.self, repeating: 0)
      raw.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: min(size, raw.count)))
      return raw.load(as: Struct.self)
    }
  }

  private func text(_ pointer: UnsafePointer<CChar>?, _ field: String, limit: Int) throws(PluginError) -> String {
    guard pointer != nil else { throw refusal("\(field) is NULL") }
    guard let text = PluginText.read(pointer, limit: limit) else {
      throw refusal("\(field) is longer than \(limit) bytes")
    }
    return text
  }

  private func missing(_ function: String) -> PluginError {
    refusal("\(function) is NULL, where a function or pointer must be")
  }

  private func refusal(_ problem: String) -> PluginError { PluginError(.description, "\(file): \(problem)") }

  private static let pluginFields: KeyValuePairs<String, Int> = [
    "abi_minor": 8, "flags": 16, "id": 24, "name": 32, "version": 40, "vendor": 48, "license": 56,
    "config_schema": 64, "create": 72, "activate": 80, "deactivate": 88, "destroy": 96, "get_extension": 104,
    "shutdown": 112, "next": 120,
  ]

  private static func isIDByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// MAJOR.MINOR.PATCH with what may follow behind "-" or "+" (Semantic Versioning 2.0.0).
  static func isSemantic(_ text: String) -> Bool {
    let core = text.prefix { $0 != "-" && $0 != "+" }
    let numbers = core.split(separator: ".", omittingEmptySubsequences: false)
    guard numbers.count == 3 else { return false }
    return numbers.allSatisfy { number in
      !number.isEmpty && number.count <= 9 && number.utf8.allSatisfy { (48...57).contains($0) }
        && (number.count == 1 || number.first != "0")
    } && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
