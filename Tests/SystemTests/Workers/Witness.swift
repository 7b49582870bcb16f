import Foundation
import SwitchyardModel

/// A shell job whose first attempt never ends by itself, and whose next one looks at what became of the first
/// one's processes and writes down what it sees.
///
/// The first attempt has a child, and a grandchild in a session of its own whose parent is gone, which writes the
/// time into a file every 50 ms. All of them ignore what can be ignored.
struct Witness {
  let cluster: Cluster

  func define(_ more: JSONValue = [:]) async throws {
    try FileManager.default.createDirectory(atPath: cluster.path("witness"), withIntermediateDirectories: true)
    let beat = try cluster.write(
      "beat.sh",
      """
      trap '' TERM HUP INT
      echo $$ > "$1/pid.grandchild"
      touch "$1/ready"
      while :; do date +%s%N > "$1/beat.new"; mv "$1/beat.new" "$1/beat"; sleep 0.05; done
      """)
    let command = """
      here=\(cluster.path("witness"))/$SWITCHYARD_INSTANCE
      mkdir -p "$here"
      echo "$SWITCHYARD_ATTEMPT $SWITCHYARD_WORKER $(date +%s%N)" >> "$here/starts"
      if [ -e "$here/ready" ]; then
        for file in "$here"/pid.*; do
          state=$(sed 's/.*) //' "/proc/$(cat "$file")/stat" 2>/dev/null | cut -c1)
          case "$state" in ''|Z|X) echo dead;; *) echo "alive ${file##*.} $state";; esac >> "$here/evidence"
        done
        exit 0
      fi
      echo $$ > "$here/pid.main"
      trap '' TERM HUP INT
      sleep 300 &
      echo $! > "$here/pid.child"
      ( setsid sh \(beat) "$here" & )
      while :; do sleep 300; done
      """
    try await cluster.api.apply(shellJob("witness", command, more))
  }

  /// Starts one and waits until all its processes are there.
  func start() async throws -> String {
    let id = try await cluster.api.run("witness")
    try await eventually("the processes of \(id) are there") {
      FileManager.default.fileExists(atPath: cluster.path("witness/\(id)/ready")) && pids(of: id).count == 3
        && !cluster.read("witness/\(id)/beat").isEmpty
    }
    return id
  }

  func pids(of id: String) -> [pid_t] {
    ["main", "child", "grandchild"].compactMap { name in
      pid_t(cluster.read("witness/\(id)/pid.\(name)").trimmingCharacters(in: .newlines))
    }
  }

  /// What the next attempt saw: a line for each process.
  func evidence(of id: String) -> [Substring] { cluster.read("witness/\(id)/evidence").split(separator: "\n") }

  /// When an attempt began, by its own words, in nanoseconds; with the worker.
  func starts(of id: String) -> [(attempt: Int, worker: String, time: Int64)] {
    cluster.read("witness/\(id)/starts").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 3, let attempt = Int(words[0]), let time = Int64(words[2]) else { return nil }
      return (attempt, String(words[1]), time)
    }
  }

  /// When the grandchild lived last.
  func lastBeat(of id: String) -> Int64 {
    Int64(cluster.read("witness/\(id)/beat").trimmingCharacters(in: .newlines)) ?? .max
  }
}

/// False for a zombie: it does nothing any more.
func isAlive(_ pid: pid_t) -> Bool {
  guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
    let bracket = stat.lastIndex(of: ")")
  else { return false }
  let state = stat[stat.index(after: bracket)...].first { $0 != " " }
  return state != "Z" && state != "X"
}
