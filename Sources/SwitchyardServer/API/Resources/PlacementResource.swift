import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins

struct PluginView: Sendable {
  var info: PluginInfo
  /// Nil: not asked for, or not used yet.
  var statistics: PluginStatistics?

  static let resource = Resource<PluginView>(
    "Plugin", "A strategy that is loaded.",
    [
      .init("id", .output, "What policies call it.") { .string($0.info.id) },
      .init("name", .output, "What people call it.") { .string($0.info.name) },
      .init("version", .output, "Its own version.") { .string($0.info.version) },
      .init("vendor", .output, "Who made it.") { .string($0.info.vendor) },
      .init("license", .output, "Under which terms.") { .string($0.info.license) },
      .init("kinds", .list(of: .choice(PluginKind.allCases.map(\.rawValue))), "What it can do.") {
        .array($0.info.kinds.map { .string($0.rawValue) })
      },
      .init("file", .output, "Where it lies on the server.") { .string($0.info.file) },
      .init("sha256", .output, "Of the file that was loaded.") { .string($0.info.hash) },
      .init("state", .choice(["loaded"]), "A file that could not be loaded is among `refused`.") { _ in "loaded" },
      .init("generation", .count, "Grows with each image that was loaded.") { .count($0.info.generation) },
      .init("loadedAt", .time, "When this image was loaded.") { .time($0.info.loadedAt) },
      .maybe("warnings", .list(of: .output), "What the host found odd.") {
        $0.info.warnings.isEmpty ? nil : .array($0.info.warnings.map(JSONValue.string))
      },
      .maybe("statistics", PluginStatistics.resource.schema, "What it did, and what that cost.") {
        $0.statistics.map(PluginStatistics.resource.json)
      },
      .maybe("configSchema", .anything, "The JSON Schema of its configuration.") {
        $0.info.configSchema.map { text in (try? JSONValue(parsing: text)) ?? .string(text) }
      },
    ])
}

extension PluginStatistics {
  static let resource = Resource<PluginStatistics>(
    "PluginStatistics", "What a plugin did since the server started.",
    [
      .init("calls", .count, "How often it was called.") { .count($0.calls) },
      .init("errors", .count, "Calls that it answered with an error.") { .count($0.errors) },
      .init("overBudget", .count, "Calls that took longer than they should.") { .count($0.overBudget) },
      .init("meanNanoseconds", .count, "Of all calls.") { .count($0.calls == 0 ? 0 : $0.nanoseconds / $0.calls) },
      .init("longestNanoseconds", .count, "Of one call.") { .count($0.longest) },
      .init("counters", .map(of: .count), "What the plugin counts itself.") { statistics in
        .object(JSONObject(unique: statistics.named.map { .init($0.name, .count($0.value)) }))
      },
      .init("lastError", Schema.output.orNull, "The text of the last error.") { .text($0.lastError) },
    ])
}

struct PolicyView: Sendable {
  var app: String
  /// Nil: the default.
  var stored: PolicyRevision?
  /// What lanes obey; nil: nothing was placed for the app yet.
  var live: PolicyStatus?

  static let resource = Resource<PolicyView>(
    "PolicyRevision", "How an app chooses workers.",
    [
      .init("app", .output, "Whose it is.") { .string($0.app) },
      .init("revision", .count, "Grows with each change; 0: the default.") { .count($0.stored?.revision ?? 0) },
      .init("live", .count, "The revision that lanes obey.") { .count($0.live?.revision ?? 0) },
      .init("policy", Policy.schema, "The policy.") { ($0.stored?.policy ?? .byDefault).json },
      .init("error", Schema.output.orNull, "Why the stored revision is not live.") { .text($0.live?.error) },
      .init("createdAt", .time.orNull, "When it was stored.") { .time($0.stored?.createdAt) },
    ])
}
