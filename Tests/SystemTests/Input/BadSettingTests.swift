import ArgumentParser
import Foundation
import SwitchyardModel
import SwitchyardWorker
import Testing

@testable import switchyard

extension RealProcesses {
  /// Settings that come from elsewhere than the command line.
  @Suite struct BadSetting {
    private static let rows: [(setting: Setting, value: String, words: [String])] = [
      (.serverURL, "127.0.0.1", ["http or https"]), (.token, "two words", ["token create"]),
      (.tokenFile, "/not/there", ["--token-file"]), (.data, "/etc/passwd", ["directory"]),
      (.tlsCA, "/not/there", ["ca.pem"]),
      (.serverID, "a b", ["1 to 128 letters"]), (.http, "[::1", ["HOST:PORT"]), (.grpc, "7411", ["HOST:PORT"]),
      (.plugins, "/not/there", ["/not/there"]), (.plugins, "/tmp,/not/there", ["/not/there"]),
      (.tlsCertificate, "/c.pem", ["tls-key"]), (.tlsKey, "/k.pem", ["tls-certificate"]),
      (.tlsSelfSigned, "yes", ["true or false"]), (.tlsClientCA, "/ca.pem", ["tls-certificate"]),
      (.lanes, "two", ["1 to 64"]), (.lanes, "65", ["1 to 64"]), (.lease, "12", ["from 2s to 10m"]),
      (.logLevel, "loud", ["warning"]), (.admissionRate, "-1", ["0 to 1000000000"]),
      (.admissionRate, "1e3", ["0 to 1000000000"]), (.admissionBurst, "0", ["1 to 1000000000"]),
      (.admissionTokenRate, "x", ["0 to 1000000000"]), (.admissionQueue, "9", ["10 to 1000000"]),
      (.metricsOpen, "1", ["true or false"]), (.retention, "1s", ["from 1m to 3650d"]),
      (.retentionPerJob, "0", ["1 to 1000000"]), (.logSpace, "10", ["500MB"]),
      (.name, "a b", ["1 to 128 letters"]), (.workerData, "/etc/passwd", ["directory"]),
      (.server, "host:1,nowhere", ["nowhere", "[::1]:7411"]), (.workerToken, "two words", ["printable"]),
      (.workerTokenFile, "/not/there", ["--worker-token-file"]), (.apps, "a,B", ["a-z", "\"B\""]),
      (.slots, "65537", ["1 to 65536"]), (.slots, "many", ["1 to 65536"]), (.tag, "ok,a b", ["1 to 64 letters"]),
      (.label, "key", ["KEY=TEXT"]), (.site, "a b", ["1 to 64 letters"]), (.rack, "a b", ["1 to 64 letters"]),
      (.weight, "heavy", ["a number"]), (.weight, "nan", ["0...1000000"]), (.processor, "perl", ["shell, http, noop"]),
      (.httpAllow, "example.org", ["10.1.0.0/16"]), (.httpDeny, "10.0.0.0/33", ["10.1.0.0/16"]),
      (.metrics, "A", ["ID=JSON"]), (.drainTimeout, "30", ["30s"]),
    ]

    private static let workers: Set<Setting> = [
      .name, .workerData, .server, .workerToken, .workerTokenFile, .apps, .slots, .tag, .label, .site, .rack, .weight,
      .processor, .httpAllow, .httpDeny, .metrics, .drainTimeout,
    ]
    private static let clients: Set<Setting> = [.serverURL, .token, .tokenFile, .tlsCA]

    /// Reads all that who has this setting reads.
    private func read(_ setting: Setting, _ environment: [String: String]) throws {
      var environment = environment
      if setting != .workerToken, setting != .workerTokenFile { environment[Setting.workerToken.variable] = "t" }
      if setting != .token, setting != .tokenFile { environment[Setting.token.variable] = "t" }
      let settings = try switchyard.Settings(environment: environment)
      if Self.workers.contains(setting) {
        try WorkerFlags.parse([]).configuration(settings).validate()
      } else if Self.clients.contains(setting) {
        _ = try ServerOptions.parse([]).client(settings)
      } else {
        let flags = try ServerFlags.parse([])
        _ = try makeLogger("", flags.logLevel, settings)
        _ = try flags.settings(settings)
      }
    }

    @Test func `a wrong value is refused by the setting's name, from the environment and from the file`() throws {
      let file = NSTemporaryDirectory() + "switchyard-settings-\(UUID().uuidString).yaml"
      defer { try? FileManager.default.removeItem(atPath: file) }
      for row in Self.rows {
        let document = JSONValue(dictionaryLiteral: (row.setting.rawValue, .string(row.value)))
        try document.text.write(toFile: file, atomically: true, encoding: .utf8)
        for environment in [[row.setting.variable: row.value], ["SWITCHYARD_CONFIG": file]] {
          let title = "\(row.setting.rawValue) = \(row.value), \(environment.keys.sorted())"
          do {
            try read(row.setting, environment.merging(["HOME": "/nowhere"]) { $1 })
            Issue.record("\(title) was taken")
          } catch {
            let isNamed = row.setting == .tokenFile || row.setting == .workerTokenFile
            let words = row.words + (isNamed ? [row.value] : [row.setting.rawValue])
            #expect(words.allSatisfy("\(error)".contains), "\(title): \(error)")
          }
        }
      }
      #expect(Set(Self.rows.map(\.setting)) == Set(Setting.allCases), "each setting has a row")
    }

    @Test func `a list of the file keeps its commas, and holds texts alone`() throws {
      let file = NSTemporaryDirectory() + "switchyard-settings-\(UUID().uuidString).yaml"
      defer { try? FileManager.default.removeItem(atPath: file) }
      let environment = ["SWITCHYARD_CONFIG": file]
      try "tag: [a, b]\nmetrics:\n- 'switchyard.site={\"a\":1,\"b\":2}'\n".write(
        toFile: file, atomically: true, encoding: .utf8)
      let settings = try switchyard.Settings(environment: environment)
      #expect(try settings.list([], .metrics) == [#"switchyard.site={"a":1,"b":2}"#])
      #expect(try settings.list([], .tag) == ["a", "b"])
      #expect(try settings.list(["c"], .tag) == ["c"])
      let outdone = environment.merging(["SWITCHYARD_TAG": "d,e"]) { $1 }
      #expect(try switchyard.Settings(environment: outdone).list([], .tag) == ["d", "e"])
      try "tag: [a, 7]\n".write(toFile: file, atomically: true, encoding: .utf8)
      let error = #expect(throws: CLIError.self) {
        try switchyard.Settings(environment: environment).list([], .tag)
      }
      #expect(error?.description.contains("tag must be a list of texts, found 7") == true)
    }
  }
}
