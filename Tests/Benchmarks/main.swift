import Glibc

// Prints one JSON object a line: {"figure":…,"value":…,"unit":…}. Build it with -c release.
let arguments = Array(CommandLine.arguments.dropFirst())
do {
  let rest = Array(arguments.dropFirst())
  switch arguments.first {
  case "decisions": try await DecisionBenchmark(arguments: rest).run()
  case "throughput": try Throughput.run()
  case "latency": try Latency.run(arguments: rest)
  case "idle": try Idle.run()
  case "fleet": try await Fleet.run(arguments: rest)
  case "timers": try Timers.run()
  case "commits": try await CommitLatency.run()
  case "firing": try await FiringBenchmark(arguments: rest).run()
  default:
    print("usage: benchmarks decisions [--plugins DIRECTORY] [--nodes 10,1000,10000,100000] [--seconds S]")
    print("       benchmarks latency [RATE …] | fleet [WORKERS …]")
    print("       benchmarks throughput | idle | timers | commits")
    print("       benchmarks firing [--jobs 1000000,5000000] [--rate 300] [--seconds 30] [--burst 10000]")
    exit(2)
  }
} catch {
  print("benchmarks: \(error)")
  exit(1)
}
