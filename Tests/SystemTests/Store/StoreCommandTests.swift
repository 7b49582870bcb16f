import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct StoreCommands {
    @Test func `a store is checked and backed up while its server runs, and the copy is restored`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        try await cluster.api.apply(noopJob("kept"))
        let id = try await cluster.api.run("kept")
        _ = try await cluster.api.end(of: id)

        let report = try await cluster.succeeds("store", "check", "--data", cluster.data, "--json").json
        #expect(report["ok"] == true)
        #expect(report["rows"]?["instances"] == 1)
        let copy = cluster.path("copy.db")
        let said = try await cluster.succeeds("store", "backup", copy, "--data", cluster.data).text
        #expect(said.contains("stop the server") && said.contains("\(cluster.data)/switchyard.db"), "\(said)")
        let again = try await cluster.cli("store", "backup", copy, "--data", cluster.data)
        #expect(again.code == 1)
        #expect(again.errors.contains("nothing is overwritten"), "\(again)")

        _ = try await cluster.api.end(of: cluster.api.run("kept"))
        #expect(try await cluster.terminate("server") == .exit(0))
        for suffix in ["", "-wal", "-shm"] {
          try? FileManager.default.removeItem(atPath: "\(cluster.data)/switchyard.db\(suffix)")
        }
        try FileManager.default.copyItem(atPath: copy, toPath: "\(cluster.data)/switchyard.db")
        try await cluster.startServer()
        #expect(try await cluster.api.instances().map { $0.text("id") } == [id])
        try await cluster.workerIsThere("a")
        #expect(try await cluster.api.end(of: cluster.api.run("kept")).text("state") == "succeeded")
      }
    }

    @Test func `damage is told by the check and by the server, with what to do`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(noopJob("kept"))
        #expect(try await cluster.terminate("server") == .exit(0))
        let file = "\(cluster.data)/switchyard.db"
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: file))
        for command in [
          ["store", "check", "--data", cluster.data],
          ["server", "--data", cluster.data, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"],
        ] {
          let outcome = try await Command(cluster, command, [:], nil).outcome()
          #expect(outcome.code == 1, "\(outcome)")
          #expect(outcome.errors.contains("is damaged") && outcome.errors.contains("put back a backup"), "\(outcome)")
        }
        let nowhere = try await cluster.cli("store", "check", "--data", cluster.path("nowhere"))
        #expect(nowhere.code == 1)
        #expect(nowhere.errors.contains(cluster.path("nowhere")), "\(nowhere)")
      }
    }

    @Test func `a directory of somebody else is refused by its name`() async throws {
      try await withCluster { cluster in
        guard getuid() == 0 else { return print("skipped: only root can make files of somebody else") }
        let data = cluster.path("foreign")
        try FileManager.default.createDirectory(
          atPath: data, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        // The way to it is open, the directory is not.
        chmod(cluster.directory, 0o755)
        let server = [
          "--reuid=65534", "--regid=65534", "--clear-groups", Programs.switchyard, "server", "--data", data, "--http",
          "127.0.0.1:0", "--grpc", "127.0.0.1:0",
        ]
        let outcome = try await Command(cluster, server, [:], nil, program: "/usr/bin/setpriv").outcome()
        guard !outcome.errors.contains("setpriv:") else { return print("skipped: \(outcome.errors)") }
        #expect(outcome.code == 1, "\(outcome)")
        #expect(outcome.errors.contains("\(data)/store.lock cannot be opened (Permission denied)"), "\(outcome)")
      }
    }
  }
}
