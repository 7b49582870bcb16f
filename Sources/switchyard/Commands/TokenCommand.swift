import ArgumentParser
import Foundation
import SwitchyardModel

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Say who may do what.",
    discussion: """
      The server makes two tokens at its first start, in its data directory: `token` for
      an administrator, `worker-token` for workers. To get rid of one, delete its file
      and start the server again.
      """,
    subcommands: [Create.self, List.self, Rotate.self, Revoke.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a token and print its secret, this once.",
      discussion: """
        read, operate and write each include those before: look, run and stop, define.
        admin may everything in all apps. join lets workers in and does nothing else;
        what a worker claims beyond --app, --tag and --slots is cut, another site than
        --site is refused; one that names none stands at --site.

          switchyard token create ci --role write --app shop --expires 90d
          switchyard token create east-workers --role join --app '*' --site east --slots 16
        """)
    @Argument(help: "Its name, unique among tokens that are not revoked.") var name: String
    @Option(name: .long, help: "read, operate, write, admin or join.") var role: String
    @Option(name: .shortAndLong, help: "An app that it is for, or *; may be repeated.") var app: [String] = []
    @Option(name: .long, help: "With join: a tag that a worker may claim; may be repeated. [any]") var tag: [String] =
      []
    @Option(name: .long, help: "With join: where a worker may stand; may be repeated. [anywhere]")
    var site: [String] = []
    @Option(name: .long, help: "With join: how many slots a worker may have. [any]") var slots: UInt32?
    @Option(name: .long, help: "When it ends by itself, as 90d. [never]") var expires: String?
    @OptionGroup var server: ServerOptions

    func validate() throws {
      guard role == "admin" || !app.isEmpty else {
        throw ValidationError("Give --app: what it is for, or '*' for all apps.")
      }
    }

    func run() async throws {
      var body: JSONObject = JSONObject()
      body["name"] = .string(name)
      body["role"] = .string(role)
      if !app.isEmpty { body["apps"] = .array(app.map(JSONValue.string)) }
      if !tag.isEmpty { body["tags"] = .array(tag.map(JSONValue.string)) }
      if !site.isEmpty { body["sites"] = .array(site.map(JSONValue.string)) }
      body["slots"] = slots.map { .integer(Int64($0)) }
      body["expiresIn"] = expires.map(JSONValue.string)
      let made: JSONValue
      do {
        made = try await server.client().send("POST", "/tokens", body: .object(body))
      } catch let error as CLIError {
        // What the API calls otherwise.
        throw CLIError(error.description.replacing("expiresIn:", with: "--expires:"))
      }
      output(made, json: server.json, secret)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List tokens, without their secrets.")
    @Flag(name: .shortAndLong, help: "Revoked ones, too.") var all = false
    @OptionGroup var server: ServerOptions

    func run() async throws {
      output(try await server.client().get("/tokens"), json: server.json) { value in
        var table = Table(["id", "name", "role", "apps", "state", "bounds", "used", "expires"])
        for token in value["tokens"]?.arrayValue ?? [] where all || token.cell("state") != "revoked" {
          let bounds = ["tags", "sites", "slots"].compactMap { name in token[name].map { "\(name)=\($0.cell)" } }
          table.add(
            ["id", "name", "role", "apps", "state"].map(token.cell) + [
              bounds.isEmpty ? "-" : bounds.joined(separator: " "), token.age("usedAt"), token.cell("expiresAt"),
            ])
        }
        return table.text
      }
    }
  }

  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a token a new secret and print it, this once.")
    @Argument(help: "Its name or its id.") var token: String
    @Option(name: .long, help: "For how long the old secret stays good, as 1h. [not at all]") var overlap: String?
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let client = try server.client()
      let id = try await TokenCommand.id(of: token, client)
      let body: JSONValue = overlap.map { ["overlap": .string($0)] } ?? [:]
      output(try await client.send("POST", "/tokens/\(id)/rotate", body: body), json: server.json, secret)
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a token: it is good for nothing from now on, and its workers are cut off.")
    @Argument(help: "Its name or its id.") var token: String
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let client = try server.client()
      let id = try await TokenCommand.id(of: token, client)
      output(try await client.send("DELETE", "/tokens/\(id)"), json: server.json) {
        "token \($0.cell("name")) \($0.cell("state"))"
      }
    }
  }

  /// Of the token that bears the name now, or is that identity.
  static func id(of text: String, _ client: APIClient) async throws -> String {
    let tokens = try await client.get("/tokens")["tokens"]?.arrayValue ?? []
    let named = tokens.first { $0.cell("name") == text && $0.cell("state") != "revoked" }
    guard let token = named ?? tokens.first(where: { $0.cell("id") == text.uppercased() }) else {
      throw CLIError("there is no token \(quoted(text)); `switchyard token list --all` shows those there are")
    }
    return token.cell("id")
  }
}

/// The secret alone on standard output, for `> file`; what it is, beside it.
private func secret(_ token: JSONValue) -> String {
  let about =
    "token \(token.cell("name")) (\(token.cell("id"))), role \(token.cell("role")), apps \(token.cell("apps")): "
    + "keep the secret now, nobody can show it again"
  try? FileHandle.standardError.write(contentsOf: Data((shown(about) + "\n").utf8))
  return token.cell("secret")
}
