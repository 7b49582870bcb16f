import ArgumentParser

@main
struct Switchyard: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "switchyard",
    abstract: "A distributed job scheduler whose placement strategies are shared libraries.",
    discussion: """
      First minute:  switchyard demo        a server, five workers, real jobs; ends by itself
                     switchyard dev         server and workers in this process, until Ctrl-C
                     switchyard job apply -f job.yaml
                     switchyard job run NAME --wait

      Settings come from flags, then the environment (SWITCHYARD_…), then the file named by
      SWITCHYARD_CONFIG (else ~/.config/switchyard/config.yaml, else /etc/switchyard/config.yaml), then
      defaults. `--server-url URL` is SWITCHYARD_SERVER_URL and `server-url: URL`.

      Exit codes: 0 done; 1 it failed (of `job run --wait`: the run did); 64 the command line is wrong.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(name: "Run", subcommands: [Dev.self, ServerCommand.self, WorkerCommand.self, Demo.self]),
      CommandGroup(
        name: "Use",
        subcommands: [JobCommand.self, InstanceCommand.self, EventsCommand.self, CronCommand.self, Status.self]),
      CommandGroup(name: "Place", subcommands: [PluginCommand.self, PolicyCommand.self]),
      CommandGroup(name: "Let in", subcommands: [AppCommand.self, TokenCommand.self, AuditCommand.self]),
      CommandGroup(
        name: "Set up", subcommands: [ConfigCommand.self, ImportCommand.self, Completion.self, ManualCommand.self]),
      CommandGroup(name: "Keep", subcommands: [StoreCommand.self]),
    ])

  static let version = "0.1.0"
}
