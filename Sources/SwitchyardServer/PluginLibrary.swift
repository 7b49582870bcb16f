import Logging
import SwitchyardModel
import SwitchyardPlugins

/// The server's plugins: the registry, and the directories that it watches.
struct PluginLibrary: Sendable {
  let registry: PluginRegistry
  private let directories: [String]
  private let events: EventBus
  /// Where files go that are handed over: scanned like all others, and so there after the next start.
  private let own: String

  init(settings: ServerSettings, events: EventBus, logger: Logger) throws {
    own = "\(settings.dataDirectory)/plugins"
    directories = settings.pluginDirectories + (settings.pluginDirectories.contains(own) ? [] : [own])
    self.events = events
    registry = try PluginRegistry(
      .init(
        directory: settings.dataDirectory, probe: PluginProbe(program: settings.pluginHostPath),
        log: { line in
          logger.log(level: line.level.logLevel, "\(line.text)", metadata: ["plugin": "\(line.plugin)"])
        }))
  }

  /// Looks at the directories again: new and changed files are loaded.
  func scan() async {
    let before = changes
    for directory in directories { _ = await registry.scanning(directory) }
    announce(since: before)
  }

  /// Keeps a file in the data directory and loads it.
  func install(_ bytes: [UInt8], as name: String) async throws(PluginError) -> [PluginInfo] {
    let before = changes
    let loaded = try await registry.installing(bytes, as: name, in: own)
    announce(since: before)
    return loaded
  }

  private var changes: Set<PluginChange> { Set(registry.list().map(\.change)) }

  private func announce(since before: Set<PluginChange>) {
    for info in registry.list() where !before.contains(info.change) {
      switch info.state {
      case .loaded: events.publish(.pluginLoaded(id: info.id, version: info.version, generation: info.generation))
      case .failed(let reason): events.publish(.pluginRefused(file: info.file, reason: reason))
      }
    }
  }
}

/// What makes a plugin's line in the list another one.
private struct PluginChange: Hashable {
  var file: String
  var id: String
  var generation: UInt64
  var state: PluginInfo.State
}

extension PluginInfo {
  fileprivate var change: PluginChange {
    PluginChange(file: file, id: id, generation: generation, state: state)
  }
}

extension PluginLogLine.Level {
  fileprivate var logLevel: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .warning: .warning
    case .error: .error
    }
  }
}
