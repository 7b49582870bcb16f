import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  /// Both faces over TLS, with certificates that openssl makes for the test.
  @Suite struct TLS {
    /// An authority, and certificates by it.
    private struct Authority {
      let cluster: Cluster
      let name: String
      var file: String { cluster.path("\(name).pem") }

      init(_ cluster: Cluster, _ name: String) async throws {
        self.cluster = cluster
        self.name = name
        try await openssl(
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
          "/CN=\(name)", "-keyout", cluster.path("\(name)-key.pem"), "-out", cluster.path("\(name).pem"))
      }

      /// - Parameter days: how long it is good; negative: it has expired.
      func issue(_ subject: String, names: String = "IP:127.0.0.1,DNS:localhost", days: Int = 1) async throws -> (
        certificate: String, key: String
      ) {
        let (request, certificate, key) = (
          cluster.path("\(subject).csr"), cluster.path("\(subject).pem"), cluster.path("\(subject)-key.pem")
        )
        try await openssl(
          "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(subject)",
          "-keyout", key, "-out", request)
        let extensions = try cluster.write("\(subject).ext", "subjectAltName=\(names)\n")
        try await openssl(
          "x509", "-req", "-in", request, "-CA", file, "-CAkey", cluster.path("\(name)-key.pem"), "-CAcreateserial",
          "-days", "\(days)", "-extfile", extensions, "-out", certificate)
        return (certificate, key)
      }

      private func openssl(_ arguments: String...) async throws {
        let outcome = try await Command(cluster, arguments, [:], nil, program: "/usr/bin/openssl").outcome()
        guard outcome.code == 0 else { throw Failure("openssl: \(outcome)") }
      }
    }

    private func secure(_ cluster: Cluster, _ authority: String) -> [String: String?] {
      ["SWITCHYARD_SERVER_URL": "https://127.0.0.1:\(cluster.http)", "SWITCHYARD_TLS_CA": authority]
    }

    private func answers(_ cluster: Cluster, _ settings: [String: String?]) async throws {
      try await eventually("the server answers over TLS", within: .seconds(60)) {
        try await cluster.cli("status", settings: settings).code == 0
      }
    }

    @Test func `people and workers come over TLS, and the others are told what to do`() async throws {
      try await withCluster { cluster in
        let authority = try await Authority(cluster, "authority")
        let other = try await Authority(cluster, "other")
        let server = try await authority.issue("server")
        let settings = secure(cluster, authority.file)
        try cluster.launchServer(["--tls-certificate", server.certificate, "--tls-key", server.key])
        try await answers(cluster, settings)

        let url = "https://127.0.0.1:\(cluster.http)"
        for (more, words) in [
          (["SWITCHYARD_TLS_CA": other.file], ["not signed by whom you trust", "--tls-ca"]),
          (["SWITCHYARD_SERVER_URL": "http://127.0.0.1:\(cluster.http)"], ["https://"]),
          (["SWITCHYARD_TLS_CA": "/not/there"], ["tls-ca", "/not/there"]),
        ] as [([String: String?], [String])] {
          let outcome = try await cluster.cli("status", settings: settings.merging(more) { $1 })
          #expect(outcome.code == 1 && words.allSatisfy(outcome.errors.contains), "\(url) \(more): \(outcome)")
        }

        try cluster.launchWorker("good", ["--tls-ca", authority.file])
        try cluster.launchWorker("stranger", ["--tls-ca", other.file])
        try cluster.launchWorker("open")
        try await eventually("the good one works") {
          try await cluster.cli("worker", "list", settings: settings).text.contains("good")
        }
        try await eventually("the stranger is told") { cluster.read("stranger.log").contains("--tls-ca") }
        let list = try await cluster.cli("worker", "list", settings: settings).text
        #expect(!list.contains("stranger") && !list.contains("open"))
      }
    }

    @Test func `a certificate that has expired or is for another name is refused with that`() async throws {
      try await withCluster { cluster in
        let authority = try await Authority(cluster, "authority")
        let good = try await authority.issue("good")
        let settings = secure(cluster, authority.file)
        // The files are exchanged under the server, which reads them again.
        let (certificate, key) = (cluster.path("now.pem"), cluster.path("now-key.pem"))
        func use(_ files: (certificate: String, key: String)) throws {
          try cluster.write("now-key.pem", try String(contentsOfFile: files.key, encoding: .utf8))
          try cluster.write("now.pem", try String(contentsOfFile: files.certificate, encoding: .utf8))
        }
        try use(good)
        try cluster.launchServer(["--tls-certificate", certificate, "--tls-key", key])
        try await answers(cluster, settings)
        for (files, words) in [
          (try await authority.issue("old", days: -1), "expired"),
          (try await authority.issue("elsewhere", names: "DNS:elsewhere.example"), "another name"),
        ] {
          try use(files)
          try await eventually("the new certificate is used and refused: \(words)", within: .seconds(60)) {
            let outcome = try await cluster.cli("status", settings: settings)
            return outcome.code == 1 && outcome.errors.contains(words)
          }
        }
        try use(good)
        try await answers(cluster, settings)
      }
    }

    @Test func `where workers need a certificate, none gets in without one`() async throws {
      try await withCluster { cluster in
        let authority = try await Authority(cluster, "authority")
        let server = try await authority.issue("server")
        let worker = try await authority.issue("worker")
        let settings = secure(cluster, authority.file)
        try cluster.launchServer([
          "--tls-certificate", server.certificate, "--tls-key", server.key, "--tls-client-ca", authority.file,
        ])
        try await answers(cluster, settings)
        try cluster.launchWorker("bare", ["--tls-ca", authority.file])
        try cluster.launchWorker(
          "known", ["--tls-ca", authority.file, "--tls-certificate", worker.certificate, "--tls-key", worker.key])
        try await eventually("the known one works") {
          try await cluster.cli("worker", "list", settings: settings).text.contains("known")
        }
        try await eventually("the bare one fails") { cluster.read("bare.log").contains("stream failed") }
        #expect(try await !cluster.cli("worker", "list", settings: settings).text.contains("bare"))
      }
    }

    @Test func `a server makes its own certificate, and knows it again`() async throws {
      try await withCluster { cluster in
        try cluster.launchServer(["--tls-self-signed"])
        let authority = "\(cluster.data)/tls/ca.pem"
        let settings = secure(cluster, authority)
        try await answers(cluster, settings)
        let first = cluster.read("server/tls/server.pem")
        try cluster.launchWorker("w", ["--tls-ca", authority])
        try await eventually("the worker works") {
          try await cluster.cli("worker", "list", settings: settings).text.contains("running")
        }
        for file in ["ca-key.pem", "server-key.pem"] {
          let attributes = try FileManager.default.attributesOfItem(atPath: "\(cluster.data)/tls/\(file)")
          #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
        _ = try await cluster.terminate("server")
        try cluster.launchServer(["--tls-self-signed"])
        try await answers(cluster, settings)
        #expect(!first.isEmpty && cluster.read("server/tls/server.pem") == first)
      }
    }

    @Test func `files that cannot be used stop the start with what to do`() async throws {
      try await withCluster { cluster in
        let authority = try await Authority(cluster, "authority")
        let (one, two) = (try await authority.issue("one"), try await authority.issue("two"))
        let junk = try cluster.write("junk.pem", "no certificate\n")
        for (options, word) in [
          (["--tls-certificate", one.certificate], "go together"),
          (["--tls-certificate", one.certificate, "--tls-key", two.key], "tls-key"),
          (["--tls-certificate", junk, "--tls-key", one.key], "tls-certificate"),
          (["--tls-certificate", "/not/there", "--tls-key", one.key], "/not/there"),
          (["--tls-certificate", one.certificate, "--tls-key", one.key, "--tls-client-ca", junk], "tls-client-ca"),
          (["--tls-self-signed", "--tls-key", one.key], "tls-self-signed"),
          (["--tls-client-ca", junk], "tls-client-ca"),
        ] as [([String], String)] {
          let arguments =
            ["server", "--data", cluster.data, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"] + options
          let outcome = try await Command(cluster, arguments, [:], nil).outcome()
          #expect(outcome.code == 1 && outcome.errors.contains(word), "\(outcome)")
        }
      }
    }
  }
}
