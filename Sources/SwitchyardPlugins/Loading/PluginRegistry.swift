import Glibc
package import SwitchyardModel
import Synchronization

/// The plugins of this process: finds, verifies and opens files, and hands out what is in them.
///
/// A plugin's id belongs to the file that brought it first: another file with the same id is refused, so that it never
/// depends on the order of names which of them decides. The same path loaded again with other contents is a new
/// generation: instances made from then on are of it, those that live go on as they are.
///
/// Loading blocks (it copies, starts a child, opens). Call it from a thread that may, or use ``scanning(_:)`` and
/// ``loading(_:)``.
package final class PluginRegistry: Sendable {
  package struct Options: Sendable {
    /// Where the directory of private copies is made; it must not be mounted `noexec`.
    package var directory: String
    /// Nil: files are opened in this process at once, for tools and tests.
    package var probe: PluginProbe?
    /// How long `[control]` functions of a plugin may take.
    package var controlTimeout: Span
    package var log: @Sendable (PluginLogLine) -> Void

    package init(
      directory: String = "/tmp", probe: PluginProbe? = .beside(), controlTimeout: Span = .seconds(10),
      log: @escaping @Sendable (PluginLogLine) -> Void = { _ in }
    ) {
      self.directory = directory
      self.probe = probe
      self.controlTimeout = controlTimeout
      self.log = log
    }
  }

  private struct State {
    /// By id, the newest generation.
    var plugins: [String: LoadedPlugin] = [:]
    var infos: [String: PluginInfo] = [:]
    /// By path.
    var failures: [String: PluginInfo] = [:]
    /// By path: what is loaded from there.
    var hashes: [String: String] = [:]
    var copies: UInt64 = 0
  }

  package static let fileLimit = 1_000
  package let interner = Interner()
  package let columns = ColumnCatalogue()
  package let log: PluginLog
  package let options: Options
  private let copies: PrivateDirectory
  private let state = Mutex(State())
  /// Held while a file is loaded, one at a time.
  private let loading = Mutex(())
  /// Held while a file is put into a directory.
  let installing = Mutex(())

  package init(_ options: Options = Options()) throws(PluginError) {
    self.options = options
    log = PluginLog(options.log)
    copies = try PrivateDirectory(in: options.directory)
  }

  // MARK: Loading

  /// Loads every `.so` of a directory that is new or has changed, in the order of names. What cannot be loaded stays
  /// listed with its reason.
  ///
  /// - Returns: all that came from this directory.
  @discardableResult
  package func scan(_ directory: String) -> [PluginInfo] {
    let names = directoryEntries(directory, limit: Self.fileLimit).filter {
      $0.hasSuffix(".so") && !$0.hasPrefix(".")
    }
    forgetFailures(in: TrustedFile.realPath(directory) ?? directory, except: names)
    return names.flatMap { name in (try? load("\(directory)/\(name)")) ?? failure(of: "\(directory)/\(name)") }
  }

  /// A refused file that was taken away is no longer worth a line.
  private func forgetFailures(in directory: String, except names: [String]) {
    let present = Set(names.map { "\(directory)/\($0)" })
    state.withLock { state in
      for path in state.failures.keys
      where TrustedFile.parent(of: path) == directory && !present.contains(path) {
        state.failures[path] = nil
      }
    }
  }

  func forgetFailure(of path: String) { state.withLock { $0.failures[path] = nil } }

  /// Loads one file; loading what is loaded already changes nothing.
  ///
  /// - Returns: the plugins in it.
  @discardableResult
  package func load(_ file: String) throws(PluginError) -> [PluginInfo] {
    try loading.withLock { _ throws(PluginError) in
      let path = TrustedFile.realPath(file) ?? file
      do throws(PluginError) {
        let infos = try open(path)
        state.withLock { $0.failures[path] = nil }
        return infos
      } catch {
        remember(error, of: path)
        throw error
      }
    }
  }

  private func open(_ path: String) throws(PluginError) -> [PluginInfo] {
    let descriptor = try TrustedFile.open(path)
    defer { close(descriptor) }
    try checkHeader(descriptor, path)
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let number = state.withLock { state in
      state.copies += 1
      return state.copies
    }
    let copy = try copies.copy(of: descriptor, name: name, number: number)
    if state.withLock({ $0.hashes[path] }) == copy.hash {
      unlink(copy.path)
      return list().filter { $0.file == path && $0.state == .loaded }
    }
    let control = ControlThread(name: "ctl-\(name)")
    do throws(PluginError) {
      try options.probe?.check(copy.path, name: path)
      let image = try openImage(copy.path, name: path, on: control)
      return try register(image, path: path, hash: copy.hash, control: control)
    } catch {
      unlink(copy.path)
      throw error
    }
  }

  private func openImage(_ copy: String, name: String, on control: ControlThread) throws(PluginError) -> PluginImage {
    let log = log
    let result = control.run(timeout: options.controlTimeout.nanoseconds) { () -> Result<PluginImage, PluginError> in
      do throws(PluginError) {
        return .success(try PluginImage.open(copy, name: name, log: log))
      } catch {
        return .failure(error)
      }
    }
    guard let result else {
      throw PluginError(.failed, "\(name): did not come back from being opened")
    }
    return try result.get()
  }

  private func register(
    _ image: PluginImage, path: String, hash: String, control: ControlThread
  ) throws(PluginError) -> [PluginInfo] {
    let now = Timestamp(nanoseconds: HostClock.wall)
    return try state.withLock { state throws(PluginError) in
      for plugin in image.plugins {
        if let other = state.infos[plugin.id], other.file != path {
          throw PluginError(
            .duplicate, "\(path): its plugin \(plugin.id) is already loaded from \(other.file); remove one of the two")
        }
      }
      var infos: [PluginInfo] = []
      for plugin in image.plugins {
        let earlier = state.plugins[plugin.id]
        let info = PluginInfo(
          id: plugin.id, name: plugin.name, version: plugin.version, vendor: plugin.vendor,
          license: plugin.license, kinds: plugin.tables.kinds, file: path, hash: hash,
          configSchema: plugin.configSchema, state: .loaded,
          warnings: image.disturbed.map { ["opening it changed the \($0) of its thread; this was put back"] } ?? [],
          generation: (state.infos[plugin.id]?.generation ?? 0) + 1, loadedAt: now)
        state.plugins[plugin.id] = LoadedPlugin(
          description: plugin, file: path, control: control, counters: earlier?.counters ?? PluginCounters())
        state.infos[plugin.id] = info
        infos.append(info)
      }
      state.hashes[path] = hash
      return infos
    }
  }

  private func remember(_ error: PluginError, of path: String) {
    let info = PluginInfo(
      id: "", name: "", version: "", vendor: "", license: "", kinds: [], file: path, hash: "",
      configSchema: nil, state: .failed(error.message), warnings: [], generation: 0,
      loadedAt: Timestamp(nanoseconds: HostClock.wall))
    log.put(.error, path, error.message)
    state.withLock { state in
      if state.failures.count < Self.fileLimit || state.failures[path] != nil { state.failures[path] = info }
    }
  }

  private func failure(of file: String) -> [PluginInfo] {
    let path = TrustedFile.realPath(file) ?? file
    return state.withLock { $0.failures[path].map { [$0] } ?? [] }
  }

  // MARK: What is loaded

  /// All plugins by id, then all files that failed, by path.
  package func list() -> [PluginInfo] {
    state.withLock { state in
      state.infos.values.sorted { $0.id < $1.id } + state.failures.values.sorted { $0.file < $1.file }
    }
  }

  package func info(_ id: String) -> PluginInfo? { state.withLock { $0.infos[id] } }

  /// Before the process ends: nothing is loaded any more, and the copies of what is are removed.
  package func removeCopies() { copies.remove() }

  /// Of every plugin that is loaded, by id.
  package func statistics() -> [PluginStatistics] {
    let plugins = state.withLock { Array($0.plugins.values) }
    return plugins.sorted { $0.id < $1.id }.map { $0.counters.snapshot(of: $0.id) }
  }

  /// The newest generation of a plugin that offers what it is wanted for.
  package func plugin(_ id: String, as kind: PluginKind) throws(PluginError) -> LoadedPlugin {
    let (plugin, others) = state.withLock { state in
      (state.plugins[id], state.plugins.values.filter { $0.offers(kind) }.map(\.id).sorted())
    }
    let choice = others.isEmpty ? "none is loaded" : "loaded are: " + others.prefix(20).joined(separator: ", ")
    guard let plugin else {
      throw PluginError(.missing, "there is no plugin \(quoted(id)); of the kind \(kind.rawValue), \(choice)")
    }
    guard plugin.offers(kind) else {
      let kinds = plugin.tables.kinds.map(\.rawValue).joined(separator: ", ")
      throw PluginError(.missing, "plugin \(id) is no \(kind.rawValue) (it offers: \(kinds)); \(choice)")
    }
    return plugin
  }

  package func services(wake: @escaping @Sendable () -> Void = {}) -> HostServices {
    HostServices(log: log, interner: interner, columns: columns, wake: wake)
  }
}

extension PluginRegistry {
  /// ``scan(_:)`` on a thread of its own.
  package func scanning(_ directory: String) async -> [PluginInfo] {
    await withBlockingThread { self.scan(directory) }
  }

  /// ``load(_:)`` on a thread of its own.
  package func loading(_ file: String) async throws(PluginError) -> [PluginInfo] {
    let result = await withBlockingThread { () -> Result<[PluginInfo], PluginError> in
      do throws(PluginError) { return .success(try self.load(file)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}

extension PluginRegistry {
  /// ``install(_:as:in:)`` on a thread of its own.
  package func installing(
    _ bytes: [UInt8], as name: String, in directory: String
  ) async throws(PluginError) -> [PluginInfo] {
    let result = await withBlockingThread { () -> Result<[PluginInfo], PluginError> in
      do throws(PluginError) {
        return .success(try self.install(bytes, as: name, in: directory))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}

/// Runs what blocks where nothing else waits for the thread.
package func withBlockingThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    let isStarted = DedicatedThread.start("plugin-work") { continuation.resume(returning: body()) }
    if !isStarted { continuation.resume(returning: body()) }
  }
}
