import ArgumentParser
import SwitchyardModel

extension JobCommand {
  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a job's definition, for `job apply`.",
      discussion: "As JSON, which is YAML too: switchyard job export report > report.yaml")
    @OptionGroup var target: Target
    @OptionGroup var server: ServerOptions

    func run() async throws { print(try await server.client().get("\(target.path)/definition").text) }
  }

  struct Versions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the versions of a job, newest first, or show one.")
    @OptionGroup var target: Target
    @Option(name: .long, help: "Show the version of this number alone.") var number: UInt32?
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let client = try server.client()
      if let number {
        return output(try await client.get("\(target.path)/versions/\(number)"), json: server.json, details)
      }
      let versions = try await client.pages("\(target.path)/versions", [], "versions")
      output(["versions": .array(versions)], json: server.json) { _ in
        var table = Table(["version", "schedule", "processor"])
        for version in versions {
          let spec = version["spec"] ?? .null
          table.add([version.cell("version"), spec.cell("schedule"), spec.cell("processor")])
        }
        return table.text
      }
    }
  }
}

extension PolicyCommand {
  struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the revisions of an app's policy, newest first.")
    @Option(name: .shortAndLong, help: "The app.", completion: .apps) var app = "default"
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let revisions = try await server.client().pages("\(Paths.app(app))/policy/revisions", [], "revisions")
      output(["revisions": .array(revisions)], json: server.json) { _ in
        var table = Table(["revision", "created", "policy"])
        for revision in revisions {
          table.add([revision.cell("revision"), revision.time("createdAt"), revision["policy"]?.text ?? "-"])
        }
        return table.text
      }
    }
  }

  struct Rollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an older policy of an app the newest revision.")
    @Argument(help: "The revision; `policy history` lists them.") var revision: UInt64
    @Option(name: .shortAndLong, help: "The app.", completion: .apps) var app = "default"
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let client = try server.client()
      let path = "\(try Paths.app(app))/policy"
      let old = try await client.get("\(path)/revisions/\(revision)")
      let stored = try await client.send("PUT", path, body: old["policy"])
      output(stored, json: server.json) {
        "policy of \(app) is now revision \($0.cell("revision")), as \(revision) was"
      }
    }
  }
}
