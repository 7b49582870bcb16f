import ArgumentParser
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite

struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Check and back up what the server keeps, on its own machine.",
    subcommands: [Check.self, Backup.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Look for damage, and for rows that contradict each other.",
      discussion: """
        Reads the files of the server, which may run meanwhile. Nothing is changed. Exit code 0: all is well;
        1: something is wrong, and is listed.
        """)
    @Option(name: .long, help: "The server's data directory. [~/.local/share/switchyard]") var data: String?
    @Flag(name: .long, help: "Leave out what takes minutes with millions of jobs: indexes, definitions.") var quick =
      false
    @Flag(name: .long, help: "Print JSON, for programs.") var json = false

    func run() async throws {
      let check = try StoreCheck(at: Settings().dataDirectory(data), quick: quick)
      var findings: [StoreCheck.Finding] = []
      for step in check.steps {
        findings += try await Progress.during(step.doing) { progress in
          try check.run(step) { progress.reached($0, of: $1) }
        }
      }
      // Of a damaged file nothing can be counted.
      let counts = findings.isEmpty ? try check.counts() : []
      output(report(of: check, findings, counts), json: json) { _ in
        text(of: check, findings, counts)
      }
      if !findings.isEmpty { throw ExitCode(1) }
    }

    private func report(
      of check: StoreCheck, _ findings: [StoreCheck.Finding], _ counts: [(table: String, rows: Int)]
    ) -> JSONValue {
      var rows = JSONObject()
      for (table, count) in counts { rows[table] = .integer(Int64(count)) }
      return [
        "file": .string(check.path), "schema": .integer(Int64(check.version)), "ok": .bool(findings.isEmpty),
        "rows": .object(rows),
        "findings": .array(
          findings.map {
            ["problem": .string($0.problem), "count": .integer(Int64($0.count)), "example": .string($0.example)]
          }),
      ]
    }

    private func text(
      of check: StoreCheck, _ findings: [StoreCheck.Finding], _ counts: [(table: String, rows: Int)]
    ) -> String {
      guard findings.isEmpty else {
        let lines = findings.map { "\($0.count) × \($0.problem), as \(shown($0.example))" }
        return """
          \(check.path) is not well:
            \(lines.joined(separator: "\n  "))
          Stop the server and put back a backup (`switchyard store backup --help`). Without one,
          `sqlite3 \(check.path) .recover | sqlite3 NEW.db` saves what can be read.
          """
      }
      let older =
        check.version < StoreCheck.newest
        ? "; the next start of the server brings its schema from \(check.version) to \(StoreCheck.newest)" : ""
      return "\(check.path) is well: " + counts.map { "\($0.rows) \($0.table)" }.joined(separator: ", ") + older
    }
  }

  struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Copy the store into one file, while the server runs or not.",
      discussion: """
        The copy is the store as it is at one moment. It holds jobs, instances, workers, policies, tokens (their
        hashes) and the audit; logs, plugins and the two tokens of the first start are files beside it in the
        data directory.

        To restore: stop the server; in its data directory remove switchyard.db-wal and switchyard.db-shm, put
        the copy in place of switchyard.db; start the server. Workers find their way back by themselves; what
        happened since the backup is forgotten, so that what was due then may run again.
        """)
    @Argument(help: "The file to make; it must not be there.", completion: .file()) var file: String
    @Option(name: .long, help: "The server's data directory. [~/.local/share/switchyard]") var data: String?
    @Flag(name: .long, help: "Print JSON, for programs.") var json = false

    func run() async throws {
      let directory = try Settings().dataDirectory(data)
      let bytes = try await Progress.during("copying pages") { progress in
        try StoreBackup.run(from: directory, to: file) { progress.reached($0, of: $1) }
      }
      output(["file": .string(file), "bytes": .integer(Int64(bytes))], json: json) { _ in
        """
        \(file) has the store of \(directory): \(bytes) bytes
        To restore it, stop the server and:
          rm -f \(directory)/switchyard.db-wal \(directory)/switchyard.db-shm
          cp \(file) \(directory)/switchyard.db
        """
      }
    }
  }
}
