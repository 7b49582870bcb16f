/// What is refused of the command line, by option: a line with a wrong value and what its refusal must say.
struct WrongOption: Sendable {
  /// As `job list`.
  var command: String
  /// Behind the command: what makes it whole, and what is wrong.
  var arguments: [String]
  /// The name of what is wrong, and what is accepted.
  var words: [String]

  init(_ command: String, _ arguments: [String], _ words: String...) {
    self.command = command
    self.arguments = arguments
    self.words = words
  }

  static let all = joined([server("server"), dev, workers, jobs, instances, placement, access, others])

  /// One list of several; the compiler takes minutes over a long sum.
  static func joined(_ lists: [[WrongOption]]) -> [WrongOption] { lists.flatMap { $0 } }
}

let tooLong = String(repeating: "a", count: 300)
let hugeJSON = "\"" + String(repeating: "y", count: 70_000) + "\""
let nodeName = "1 to 128 letters"
let appName = "1 to 64 of a-z"
let jobName = "1 to 128 of a-z"
let tagName = "1 to 64 letters"

/// Wrong values of one option.
///
/// - Parameter given: what makes the command whole.
func each(
  _ command: String, _ option: String, _ values: [String], _ words: String..., given: [String] = []
) -> [WrongOption] {
  values.map { value in
    // `--option=` alone is refused by the parser, for want of a value.
    var wrong = WrongOption(command, given + (value.isEmpty ? [option, ""] : ["\(option)=\(value)"]))
    wrong.words = words
    return wrong
  }
}

extension WrongOption {
  fileprivate static func server(_ command: String) -> [WrongOption] {
    joined([
      each(command, "--data", ["", "/etc/passwd"], "data", "directory"),
      each(command, "--server-id", ["a b", "", tooLong, "café"], "server-id", nodeName),
      each(command, "--plugins", ["/not/there", "/etc/passwd", ""], "plugins", "directories"),
      each(command, "--log-level", ["loud", ""], "log-level", "warning"),
      each(
        command, "--log-space", ["999KB", "10", "-1GB", "1GiB", "", "99999999999999999999GB"], "log-space", "500MB"),
      each(command, "--lanes", ["0", "65"], "lanes", "1 to 64"),
      each(command, "--lanes", ["two", "1.5", ""], "lanes"),
      each(command, "--tls-certificate", ["/tmp/c.pem"], "tls-certificate", "tls-key"),
      each(command, "--tls-key", ["/tmp/k.pem"], "tls-certificate", "tls-key"),
      each(command, "--tls-key", ["/tmp/k.pem"], "tls-self-signed", given: ["--tls-self-signed"]),
      each(command, "--tls-client-ca", ["/tmp/ca.pem"], "tls-client-ca", "tls-certificate"),
      each(
        command, "--lease", ["1s", "11m", "-5s", "soon", "", "12", "0s", "1e3s"], "lease", "from 2s to 10m"),
      each(command, "--retention", ["59s", "3651d", "-1d", "long", ""], "retention", "from 1m to 3650d"),
      each(command, "--http", badAddresses, "http: must be HOST:PORT", "127.0.0.1:7410"),
      each(command, "--grpc", badAddresses, "grpc: must be HOST:PORT", "127.0.0.1:7410"),
      number(command, "admission-rate", 0...1_000_000_000), number(command, "admission-burst", 1...1_000_000_000),
      number(command, "admission-token-rate", 0...1_000_000_000), number(command, "admission-queue", 10...1_000_000),
      number(command, "retention-per-job", 1...1_000_000),
    ])
  }

  private static let badAddresses = [
    "nonsense", "", ":", "7410", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:-1", "127.0.0.1:+1",
    "127.0.0.1:7410x", "[::1", "[::1]", "::1:7410", "[::1:7410", "a b:7410", "http://127.0.0.1:7410", "a/b:7410",
    "[zz]:7410", "a..b:7410",
  ]

  private static func number(_ command: String, _ option: String, _ range: ClosedRange<Int>) -> [WrongOption] {
    let (low, high) = (range.lowerBound, range.upperBound)
    return each(command, "--\(option)", ["\(low - 1)", "\(high + 1)"], option, "a number from \(low) to \(high)")
      + each(command, "--\(option)", ["many", "1.5", "", "99999999999999999999"], option)
  }

  static let dev: [WrongOption] = joined([
    server("dev"),
    [
      WrongOption("dev", ["--workers", "65"], "--workers", "0 to 64"),
      WrongOption("dev", ["--workers=-1"], "--workers", "0 to 64"),
      WrongOption("dev", ["--workers", "some"], "--workers", "some"),
      WrongOption("dev", ["--slots", "0"], "--slots", "1 to 65536"),
      WrongOption("dev", ["--slots", "65537"], "--slots", "1 to 65536"),
      WrongOption("dev", ["--slots=-1"], "--slots", "-1"),
    ],
  ])

  static let workers: [WrongOption] = joined([
    each("worker run", "--name", ["", "a b", tooLong, "a/b", "ü"], "name", nodeName),
    each(
      "worker run", "--server",
      [
        "", "::::", "nowhere", "host:", "host:0", "host:65536", "host:+1", "a b:7411", "http://host:7411", "[::1:7411",
        "::1:7411", "https://", "user@host:7411", "host:7411/x",
      ], "server", "[::1]:7411"),
    each("worker run", "--apps", ["", "A", "a b", "*", tooLong], "apps", appName, "left out"),
    each("worker run", "--slots", ["0", "65537", "100000"], "slots", "1 to 65536"),
    each("worker run", "--slots", ["-1", "many", "1.5", "4294967296"], "slots"),
    each("worker run", "--tag", ["", "a b", ",", ".a", tooLong], "tag", tagName),
    each("worker run", "--label", ["", "a", "=x", "a b=x", ".a=x", "k=\(tooLong)"], "label", "KEY=TEXT"),
    each("worker run", "--site", ["", "a b", "/a", tooLong], "site", tagName),
    each("worker run", "--rack", ["", "a b", "/a", tooLong], "rack", tagName),
    each("worker run", "--weight", ["nan", "inf", "1000001"], "weight", "0...1000000"),
    each("worker run", "--weight", ["", "heavy"], "weight"),
    each("worker run", "--processor", ["", "perl", "SHELL"], "processor", "shell, http, noop"),
    each(
      "worker run", "--http-allow", ["", "10.0.0.0/33", "10.0.0.0/-1", "example.org", "10.0.0", "fe80::/129"],
      "http-allow", "10.1.0.0/16"),
    each(
      "worker run", "--http-deny", ["", "10.0.0.0/33", "10.0.0.0/x", "example.org", "10.0.0.0/8/8"], "http-deny",
      "10.1.0.0/16"),
    each("worker run", "--metrics", ["", "A", "a b={}"], "metrics", "ID=JSON"),
    each("worker run", "--metrics", ["=", "switchyard.site={", "switchyard.site=x"], "metrics"),
    each("worker run", "--metrics", ["switchyard.site=[]", "switchyard.site=7"], "metrics", "object"),
    each("worker run", "--drain-timeout", ["", "30", "-1s", "25h", "soon"], "drain-timeout"),
    each("worker run", "--log-level", ["loud"], "log-level", "warning"),
    each("worker run", "--worker-token-file", ["/not/there", ""], "--worker-token-file"),
    each("worker run", "--worker-token-file", ["/etc/passwd"], "worker-token", "printable"),
    each("worker run", "--data", ["/etc/passwd"], "worker-data", "directory"),
    each("worker run", "--tls-ca", ["/not/there", "/etc/passwd"], "tls-ca", "PEM"),
    each("worker run", "--tls-certificate", ["/not/there"], "tls-certificate", "PEM"),
    each("worker run", "--tls-certificate", ["/etc/hostname"], "tls-certificate", "tls-key"),
    each("worker run", "--tls-key", ["/not/there"], "tls-key", "PEM"),
    [
      WrongOption("worker run", ["--processor", "shell", "--processor", "shell"], "processor", "each once"),
      WrongOption("worker run", (0..<257).flatMap { ["--tag", "t\($0)"] }, "tag", "at most 256"),
    ],
    each("worker list", "--app", ["A", "a b", ""], "app", appName),
    each("worker list", "--state", ["blue", ""], "state", "running"),
    each("worker list", "--site", ["a b", ""], "site"),
    each("worker list", "--tag", ["a b", ""], "tag", tagName),
  ])
}
