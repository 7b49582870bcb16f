import ArgumentParser
import SwitchyardModel

struct Completion: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the completion script of a shell.",
    discussion: """
      Jobs, instances, apps, workers and plugins are asked of the server.

        bash  switchyard completion bash > ~/.local/share/bash-completion/completions/switchyard
        zsh   switchyard completion zsh > "${fpath[1]}/_switchyard"
        fish  switchyard completion fish > ~/.config/fish/completions/switchyard.fish
      """)

  enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish
  }

  @Argument(help: "bash, zsh or fish.") var shell: Shell

  func run() throws {
    let script: CompletionShell =
      switch shell {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    print(Switchyard.completionScript(for: script))
  }
}

/// Names that the server knows. Nobody answers, or not within two seconds: then there are none, and no error to
/// disturb a line that is being typed.
extension CompletionKind {
  static var jobs: Self {
    names("/jobs", "jobs") { job in
      let name = job.cell("name")
      return job.cell("app") == "default" ? name : "\(job.cell("app"))/\(name)"
    }
  }

  static var instances: Self { names("/instances", "instances") { $0.cell("id") } }
  static var workers: Self { names("/workers", "workers") { $0.cell("name") } }
  static var strategies: Self { names("/plugins", "plugins") { $0.cell("id") } }
  static var apps: Self { names("/apps", "apps") { $0.cell("name") } }

  private static func names(
    _ path: String, _ field: String, _ name: @escaping @Sendable (JSONValue) -> String
  ) -> Self {
    .custom { _, _, _ in
      guard let options = try? ServerOptions.parse([]), let client = try? options.client(),
        let page = try? await client.send("GET", path, [], timeout: 2)
      else { return [] }
      return page[field]?.arrayValue?.map(name) ?? []
    }
  }
}
