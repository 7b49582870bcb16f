import Glibc

// Prints one JSON object a line: {"figure":…,"value":…,"unit":…}. Build it with -c release.
let arguments = Array(CommandLine.arguments.dropFirst())
do {
  switch arguments.first {
  case "decisions": try await DecisionBenchmark(arguments: Array(arguments.dropFirst())).run()
  case "throughput": try EndToEnd.throughput()
  case "latency": try EndToEnd.latency()
  case "idle": try EndToEnd.idle()
  case "commits": try await CommitLatency.run()
  case "firing": try await FiringBenchmark(arguments: Array(arguments.dropFirst())).run()
  default:
    print("usage: benchmarks decisions [--plugins DIRECTORY] [--nodes 10,1000,10000] [--seconds S]")
    print("       benchmarks throughput | latency | idle | commits")
    print("       benchmarks firing [--jobs 1000000,5000000] [--rate 300] [--seconds 30] [--burst 10000]")
    exit(2)
  }
} catch {
  print("benchmarks: \(error)")
  exit(1)
}
