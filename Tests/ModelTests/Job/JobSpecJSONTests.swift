import SwitchyardModel
import Testing

@Suite struct JobSpecJSONTests {
  private static let full = #"""
    {"name":"report.daily-1","schedule":{"cron":"0 9 * * MON-FRI"},"timeZone":"Europe/Paris",
     "startsAt":"2026-01-01T00:00:00+01:00","endsAt":"2026-12-31T23:00:00Z","jitter":"5m",
     "misfire":{"policy":"fire-all","threshold":"10m","limit":7},"overlap":{"limit":2,"policy":"queue","queue":50},
     "processor":{"shell":{"command":"make report\ncp out /srv","env":{"LANG":"C","B":"x=1\n2"},"cwd":"/srv"}},
     "retry":{"limit":3,"backoff":"2s","factor":1.5,"max":"1h","jitter":0.25},
     "timeout":"1h30m","grace":"10s","slots":2,"priority":-5,"tags":["gpu","a1"],"labels":{"z":"","gpu.model":"H200"},
     "site":"east","key":"customer 7","onLost":"hold","whenIsolated":"continue",
     "parameters":{"b":[1,2.5,"é"],"a":9007199254740993}}
    """#

  @Test func `every field is read`() throws {
    let spec = try JobSpec(json: JSONValue(parsing: Self.full), zones: ZoneFiles.database)
    #expect(
      spec
        == JobSpec(
          name: "report.daily-1", schedule: .cron(try CronExpression(parsing: "0 9 * * MON-FRI")),
          timeZone: "Europe/Paris", startsAt: Timestamp(seconds: 1_767_222_000),
          endsAt: Timestamp(seconds: 1_798_758_000), jitter: .seconds(300),
          misfire: Misfire(policy: .fireAll, threshold: .seconds(600), limit: 7), overlap: Overlap(limit: 2, queue: 50),
          processor: .shell(
            ShellCommand(
              arguments: ["/bin/sh", "-c", "make report\ncp out /srv"],
              environment: [Label(key: "B", text: "x=1\n2"), Label(key: "LANG", text: "C")], directory: "/srv")),
          retry: RetryPolicy(limit: 3, backoff: .seconds(2), factor: 1.5, max: .seconds(3600), jitter: 0.25),
          timeout: .seconds(5400), grace: .seconds(10), slots: 2, priority: -5, tags: ["a1", "gpu"],
          labels: [Label(key: "gpu.model", text: "H200"), Label(key: "z", text: "")], site: "east", key: "customer 7",
          onLost: .hold, whenIsolated: .continue, parameters: #"{"b":[1,2.5,"é"],"a":9007199254740993}"#))
  }

  @Test(arguments: [
    full,
    #"{"name":"a","processor":{"noop":{}}}"#,
    #"{"name":"a","misfire":{"policy":"skip"},"overlap":{"limit":1,"policy":"replace"},"processor":{"noop":{}}}"#,
    #"{"name":"a","misfire":{},"overlap":{"limit":10000},"jitter":"0s","processor":{"noop":{}}}"#,
    #"{"name":"a","schedule":{"every":"10ms"},"processor":{"noop":{"duration":"5s"}},"parameters":[]}"#,
    #"{"name":"a","schedule":{"delay":"1m"},"processor":{"shell":{"command":["/bin/true",""]}},"parameters":0.1}"#,
    #"{"name":"a","schedule":{"at":"2026-03-29T01:30:00.000000001+02:00"},"processor":{"noop":{}}}"#,
    #"{"name":"a","processor":{"shell":{"command":["/bin/sh","-c","x"]}}}"#,
    #"{"name":"a","processor":{"shell":{"command":["/bin/sh","-c"," "]}},"retry":{"backoff":"10m"}}"#,
    #"""
    {"name":"a","processor":{"http":{"url":"https://[::1]:8443/x?y=%20","method":"POST",
     "headers":{"X-A":"1","Accept":"*/*"},"body":"{}\n","expect":["200-204",304]}}}
    """#,
    #"{"name":"a","processor":{"http":{"url":"HTTP://Example.org","expect":204}},"timeout":null,"tags":[]}"#,
  ])
  func `what is written reads back the same`(text: String) throws {
    let spec = try JobSpec(json: JSONValue(parsing: text))
    let again = try JobSpec(json: JSONValue(parsing: spec.json.bytes))
    #expect(again == spec)
    #expect(again.json == spec.json)
  }

  @Test func `a document may name its app`() throws {
    let document = try JobDocument(json: ["app": "shop", "name": "a", "processor": ["noop": [:]]])
    #expect(document.app == "shop")
    #expect(document.spec == JobSpec(name: "a", processor: .noop(duration: .zero)))
    #expect(throws: FieldErrors.self) { try JobSpec(json: ["app": "shop", "name": "a", "processor": ["noop": [:]]]) }
  }

  /// A path and the JSON that stands there in an otherwise fine document, and how the error begins.
  @Test(
    arguments: [
      ("name", "\"\"", "must be text of 1 to 128 bytes"), ("name", "\"A\"", "must be 1 to 128 of a-z, 0-9"),
      ("name", "\".a\"", "must be 1 to 128 of a-z"), ("name", "\"a/b\"", "must be 1 to 128 of a-z"),
      ("name", "7", "must be text"),
      ("name", "null", "is required"), ("processor", "null", "is required"), ("app", "\"A\"", "must be 1 to 64 of a-z"),
      ("schedule", "\"* * * * *\"", "must be an object"),
      ("schedule", "{}", "must have exactly one of cron, every, delay, at, found none"),
      (
        "schedule", #"{"every":"1s","delay":"1s"}"#,
        "must have exactly one of cron, every, delay, at, found every and delay"
      ),
      ("schedule.cron", "\"61 * * * *\"", "minute: \"61\" is not in 0-59"),
      ("schedule.cron", "\"0 0 30 2 *\"", "\"0 0 30 2 *\" names a day that no month has"),
      ("schedule.cron", "5", "must be text"),
      ("schedule.every", "\"9ms\"", "must be a length of time in 10ms...3650d"),
      ("schedule.every", "\"3651d\"", "must be a length"),
      ("schedule.every", "10", "must be a length of time"),
      ("schedule.delay", "\"1\"", "must be a length of time such as"),
      ("schedule.at", "\"tomorrow\"", "must be a time such as"), ("schedule.at", "0", "must be a time such as"),
      ("timeZone", "\"Mars/Base\"", "the time zone \"Mars/Base\" is not known here"),
      ("timeZone", "\"../../etc/passwd\"", "must be an IANA name"), ("timeZone", "1", "must be text"),
      ("startsAt", "\"monday\"", "must be a time such as"), ("endsAt", "7", "must be a time such as"),
      ("jitter", "\"1d\"", "must be a length of time in 0s...23h59m59s"), ("jitter", "5", "must be a length of time"),
      ("misfire", "\"skip\"", "must be an object"),
      ("misfire", #"{"colour":1}"#, "unknown field; known are policy, threshold, limit"),
      ("misfire.policy", "\"fireOnce\"", "must be one of fire-once, skip, fire-all"),
      ("misfire.threshold", "\"366d\"", "must be a length of time in 0s...365d"),
      ("misfire.limit", "5", "must be absent: it is for the policy fire-all"),
      ("misfire", #"{"policy":"fire-all","limit":0}"#, "must be an integer in 1...1000"),
      ("misfire", #"{"policy":"fire-all","limit":1001}"#, "must be an integer in 1...1000"),
      ("overlap", "1", "must be an object"), ("overlap", "{}", "is required: an integer in 1...10000"),
      ("overlap.limit", "0", "must be an integer in 1...10000"),
      ("overlap", #"{"limit":1,"policy":"wait"}"#, "must be one of queue, discard, replace, fail"),
      ("overlap", #"{"limit":1,"queue":0}"#, "must be an integer in 1...100000"),
      ("overlap", #"{"limit":1,"policy":"fail","queue":5}"#, "must be absent: it is for the policy queue"),
      (
        "processor", #"{"shell":{"command":"x"},"noop":{}}"#,
        "must have exactly one of shell, http, noop, found shell and noop"
      ),
      ("processor", "{}", "must have exactly one of"),
      ("processor.noop.duration", "\"-1s\"", "must be a length of time"),
      ("processor.shell.command", "\"\"", "must be text of 1 to 65536 bytes"),
      ("processor.shell.command", "\" \\n\"", "must be a command that is not blank"),
      ("processor.shell.command", "[]", "must be a list of 1 to 256"),
      ("processor.shell.command", "[\"\"]", "must be a list that begins with a program"),
      ("processor.shell.command", "\"a\\u0000b\"", "must be text without control"),
      ("processor.shell.command", "null", "is required"),
      ("processor.shell.command", "[1]", "must be a list that begins"),
      ("processor.shell.env", #"{"1A":"x"}"#, "name: must be 1 to 128 letters"),
      ("processor.shell.env", #"{"A=B":"x"}"#, "name: must be"),
      ("processor.shell.env", #"{"SWITCHYARD_ATTEMPT":"x"}"#, "name: must be a name without SWITCHYARD_ in front"),
      ("processor.shell.env.A", "1", "must be text"), ("processor.shell.cwd", "\"tmp\"", "must be an absolute path"),
      ("processor.http.url", "\"ftp://example.org\"", "must be a URL such as"),
      ("processor.http.url", "null", "is required"),
      ("processor.http.method", "\"get\"", "must be one of GET, HEAD"),
      ("processor.http.method", "\"TRACE\"", "must be one of"),
      ("processor.http.headers", #"{"a b":"x"}"#, "name: must be the name of a header field"),
      ("processor.http.headers", #"{"Host":"x"}"#, "name: must be a header field other than"),
      ("processor.http.headers", #"{"X-A":"1","x-a":"2"}"#, "must be an object with each header field once"),
      ("processor.http.headers.A", #""x\r\nB: y""#, "must be text without control"),
      ("processor.http.expect", "99", "must be a status of 100...599"),
      ("processor.http.expect", "\"299-200\"", "must be a status"),
      ("processor.http.expect", "[]", "must be a list of 1 to 16"), ("processor.http.body", "{}", "must be text"),
      ("retry.limit", "-1", "must be an integer in 0...100"), ("retry.limit", "101", "must be an integer"),
      ("retry.limit", "\"3\"", "must be an integer"),
      ("retry.factor", "0.5", "must be a number in 1.0...100.0"),
      ("retry.jitter", "1.1", "must be a number in 0.0...1.0"),
      ("retry.backoff", "\"8d\"", "must be a length of time in 0s...7d"),
      ("retry.max", "\"500ms\"", "must be at least the backoff, 1s"),
      ("retry", "3", "must be an object"), ("timeout", "\"0s\"", "must be a length of time in 1ms...365d"),
      ("grace", "\"2h\"", "must be"),
      ("slots", "0", "must be an integer in 1...1024"), ("slots", "1025", "must be"), ("slots", "1.5", "must be"),
      ("priority", "101", "must be an integer in -100...100"), ("priority", "-101", "must be"),
      ("tags", "\"a\"", "must be a list"),
      ("tags", "[\"a b\"]", ""), ("tags", "[\"\"]", ""), ("labels", "[]", "must be an object"),
      ("labels.a", "1", "must be text"),
      ("labels", #"{"":"x"}"#, "name: must be 1 to 64 letters"), ("site", "\"\"", "must be text of 1 to 64 bytes"),
      ("site", "\"a b\"", "must be"),
      ("key", "\"\"", "must be text of 1 to 256"), ("onLost", "\"Retry\"", "must be one of retry, fail, hold"),
      ("whenIsolated", "\"stop\"", "must be one of kill, continue"),
      ("timezone", "\"UTC\"", "unknown field, did you mean \"timeZone\"?"),
      ("colour", "1", "unknown field; known are app, name, schedule"), ("processor.shell.cmd", "1", "unknown field"),
    ] as [(String, String, String)])
  func `a field is refused by its path`(path: String, value: String, problem: String) throws {
    var document: JSONValue = ["name": "a", "processor": ["noop": [:]]]
    let keys = path.split(separator: ".").map(String.init)
    if keys.starts(with: ["processor", "shell"]) { document["processor"] = ["shell": ["command": "x", "env": [:]]] }
    if keys.starts(with: ["processor", "http"]) {
      document["processor"] = ["http": ["url": "http://a", "headers": [:]]]
    }
    document.set(keys[...], try JSONValue(parsing: value))
    do {
      _ = try JobDocument(json: document, zones: ZoneFiles.database)
      Issue.record("was taken: \(document.text)")
    } catch {
      #expect(
        error.errors.contains { $0.path.hasPrefix(path) && $0.problem.hasPrefix(problem) },
        "\(error)")
    }
  }

  @Test(arguments: [
    (#""startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-02T00:00:00Z""#, "endsAt: must be later than startsAt"),
    (
      #""schedule":{"at":"2026-01-01T00:00:00Z"},"startsAt":"2026-01-02T00:00:00Z""#,
      "startsAt: must be not later than the only due time, 2026-01-01T00:00:00.000Z"
    ),
    (
      #""schedule":{"at":"2026-01-02T00:00:00Z"},"endsAt":"2026-01-02T00:00:00Z""#,
      "endsAt: must be later than the only due time, 2026-01-02T00:00:00.000Z"
    ),
  ])
  func `a life without due times is refused`(fields: String, problem: String) throws {
    let json = try JSONValue(parsing: #"{"name":"a","processor":{"noop":{}},\#(fields)}"#)
    let error = #expect(throws: FieldErrors.self) { try JobSpec(json: json) }
    #expect(error?.description.hasPrefix(problem) == true, "\(String(describing: error))")
  }

  @Test func `sizes are bounded`() {
    let bounds: [(String, JSONValue)] = [
      ("name", .string(String(repeating: "a", count: 129))), ("key", .string(String(repeating: "a", count: 257))),
      ("tags", .array((0..<33).map { "t\($0)" })), ("parameters", .string(String(repeating: "a", count: 65_535))),
      ("labels", ["a": .string(String(repeating: "a", count: 257))]),
    ]
    for (name, value) in bounds {
      var document: JSONValue = ["name": "a", "processor": ["noop": [:]]]
      document[name] = value
      do {
        _ = try JobSpec(json: document)
        Issue.record("\(name) was taken")
      } catch {
        #expect(error.errors.count == 1)
        #expect(error.errors[0].path.hasPrefix(name))
        #expect(error.description.utf8.count < 400)
      }
    }
  }
}

extension JSONValue {
  fileprivate subscript(name: String) -> JSONValue? {
    get { objectValue?[name] }
    set {
      var object = objectValue ?? JSONObject()
      object[name] = newValue
      self = .object(object)
    }
  }

  fileprivate mutating func set(_ path: ArraySlice<String>, _ value: JSONValue) {
    guard let name = path.first else {
      self = value
      return
    }
    var inner = self[name] ?? [:]
    inner.set(path.dropFirst(), value)
    self[name] = inner
  }
}
