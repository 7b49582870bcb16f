import Logging
import SwitchyardModel
import SwitchyardPlugins

/// The server's plugins: the registry, and the directories that it watches.
struct PluginLibrary: Sendable {
  let registry: PluginRegistry
  private let directories: [String]

  init(settings: ServerSettings, logger: Logger) throws {
    directories = settings.pluginDirectories
    registry = try PluginRegistry(
      .init(
        directory: settings.dataDirectory, probe: PluginProbe(program: settings.pluginHostPath),
        log: { line in
          logger.log(level: line.level.logLevel, "\(line.text)", metadata: ["plugin": "\(line.plugin)"])
        }))
  }

  /// Looks at the directories again: new and changed files are loaded.
  func scan() async {
    for directory in directories { _ = await registry.scanning(directory) }
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
