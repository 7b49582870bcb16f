import Glibc

// Prints one JSON object a line: {"figure":…,"value":…,"unit":…}. Build it with -c release.
let arguments = Array(CommandLine.arguments.dropFirst())
do {
  switch arguments.first {
  case "decisions": try await DecisionBenchmark(arguments: Array(arguments.dropFirst())).run()
  case "throughput": try EndToEnd.throughput()
  case "latency": try EndToEnd.latency()
  case "idle": try EndToEnd.idle()
  default:
    print("usage: benchmarks decisions [--plugins DIRECTORY] [--nodes 10,1000,10000] [--seconds S]")
    print("       benchmarks throughput | latency | idle")
    exit(2)
  }
} catch {
  print("benchmarks: \(error)")
  exit(1)
}
