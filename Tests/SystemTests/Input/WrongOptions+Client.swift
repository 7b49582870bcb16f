/// Of commands that ask a server: its app `default` has the job `seed`, which has an instance.
extension WrongOption {
  private static let named = ["show", "export", "versions", "next", "run", "pause", "resume", "delete"]
    .map { "job \($0)" }

  static let jobs: [WrongOption] = joined([
    (named + ["job why"]).flatMap { command in
      let rest = command == "job why" ? ["--at", "2026-03-29T01:30:00Z"] : []
      return [
        WrongOption(command, ["nobody"] + rest, "nobody", "job list"),
        WrongOption(command, ["A B"] + rest, "job", jobName),
        WrongOption(command, [""] + rest, "job", jobName),
        WrongOption(command, ["/seed"] + rest, "app", appName),
        WrongOption(command, ["UPPER/seed"] + rest, "app", appName),
        WrongOption(command, ["a/b/c"] + rest, "job", jobName),
        WrongOption(command, [tooLong] + rest, "job", jobName),
        WrongOption(command, ["seed", "--app", "nowhere"] + rest, "nowhere"),
        WrongOption(command, ["seed", "--app", "A B"] + rest, "app", appName),
        WrongOption(command, ["seed", "--app", ""] + rest, "app", appName),
        WrongOption(command, ["seed", "more"] + rest, "more"),
        WrongOption(command, rest, "job"),
      ]
    },
    each("job next", "--count", ["0", "101", "-1"], "count", "1...100", given: ["seed"]),
    each("job next", "--count", ["many", "1.5", ""], "count", given: ["seed"]),
    each("job versions", "--number", ["0"], "version", "1...4294967295", given: ["seed"]),
    each("job versions", "--number", ["2"], "version", "2", given: ["seed"]),
    each("job versions", "--number", ["one", "-1", "4294967296"], "number", given: ["seed"]),
    each("job why", "--at", ["yesterday", "", "2026-13-01T00:00", "25:00"], "at", given: ["seed"]),
    each("job run", "--key", ["", tooLong], "key", "128", given: ["seed"]),
    each("job run", "--key", ["a\u{1}b"], "key", "control characters", given: ["seed"]),
    each("job run", "--parameters", ["{", "yes", "{\"a\":1,\"a\":2}"], "--parameters", given: ["seed"]),
    each("job run", "--parameters", [hugeJSON], "parameters", "65536", given: ["seed"]),
    each("job run", "--batch", ["/not/there"], "/not/there", "JSON", given: ["seed"]),
    [
      WrongOption("job run", ["seed", "--batch", "-", "--wait"], "--batch"),
      WrongOption("job run", ["seed", "--batch", "-", "--key", "k"], "--batch"),
      WrongOption("job apply", [], "--file"),
      WrongOption("job apply", ["--file", "/not/there"], "/not/there"),
      WrongOption("job apply", ["--file", "/etc"], "/etc"),
      WrongOption("job apply", ["--file", "EMPTY"], "nothing to apply"),
      WrongOption("job apply", ["--file", "JOB", "--app", "A B"], "app", appName),
      WrongOption("job apply", ["--file", "JOB", "--app", ""], "app", appName),
    ],
    each("job list", "--app", ["A", "a b", "", tooLong], "app", appName),
    each("job list", "--name", ["", tooLong], "name", "128"),
    each("job list", "--state", ["", "deleted", "ENABLED"], "state", "enabled", "paused"),
    each("job list", "--tag", ["", "a b", tooLong], "tag", tagName),
    each("job list", "--schedule", ["", "daily"], "schedule", "cron", "delay"),
  ])

  private static let single = ["show", "attempts", "explain", "logs", "rerun", "cancel", "stop", "release"]
    .map { "instance \($0)" }

  static let instances: [WrongOption] = joined([
    single.flatMap { command in
      [
        WrongOption(command, ["1"], "instance", "13 letters and digits"),
        WrongOption(command, [""], "instance", "13 letters and digits"),
        WrongOption(command, ["0000000000000x"], "instance", "13 letters and digits"),
        WrongOption(command, ["0000000000000"], "no instance 0000000000000"),
        WrongOption(command, [], "id"),
      ]
    },
    each("instance explain", "--workers", ["-1", "1001"], "workers", "0...1000", given: ["INSTANCE"]),
    each("instance explain", "--workers", ["all", ""], "workers", given: ["INSTANCE"]),
    each("instance logs", "--attempt", ["0"], "attempt", "1...", given: ["INSTANCE"]),
    each("instance logs", "--attempt", ["7"], "attempt", "7", given: ["INSTANCE"]),
    each("instance logs", "--attempt", ["last", "-1"], "attempt", given: ["INSTANCE"]),
    each("instance rerun", "--key", ["", tooLong], "key", "128", given: ["INSTANCE"]),
    each("instance submit", "--file", ["/not/there"], "/not/there", "JSON"),
    each("instance submit", "--app", ["A B", ""], "app", appName, given: ["--file", "LINE"]),
    each("instance submit", "--job", ["A B", ""], "job", jobName, given: ["--file", "LINE"]),
    each("instance list", "--app", ["A", "", tooLong], "app", appName),
    each("instance list", "--job", ["A", "", tooLong], "job", jobName),
    each("instance list", "--job", ["nobody"], "nobody"),
    each("instance list", "--state", ["blue", "", "waiting,", "waiting failed"], "state", "waiting"),
    each("instance list", "--worker", ["", tooLong], "worker", "128"),
    [
      ("created-after", "createdAfter"), ("created-before", "createdBefore"), ("due-after", "dueAfter"),
      ("due-before", "dueBefore"),
    ]
    .flatMap { option, name in
      each(
        "instance list", "--\(option)", ["", "yesterday", "2026-01-01", "2026-13-01T00:00:00Z", "1767222000"], name,
        "2026-03-29T01:30:00")
    },
    each("instance list", "--limit", ["0", "1001", "-1"], "limit", "1...1000"),
    each("instance list", "--limit", ["all", ""], "limit"),
  ])

  static let placement: [WrongOption] = joined([
    each("policy show", "--app", ["A", "a b", ""], "app", appName),
    each("policy history", "--app", ["A", "a b", ""], "app", appName),
    each("policy set", "--app", ["A", ""], "app", appName, given: ["--balancer", "switchyard.random"]),
    each("policy rollback", "--app", ["A", ""], "app", appName, given: ["1"]),
    [
      WrongOption("policy rollback", ["0"], "revision", "1..."),
      WrongOption("policy rollback", ["77"], "77", "policy history"),
      WrongOption("policy rollback", ["last"], "last"),
      WrongOption("policy rollback", [], "revision"),
      WrongOption("policy set", [], "--file", "--balancer"),
      WrongOption("policy set", ["--file", "/not/there"], "/not/there"),
      WrongOption("policy set", ["--file", "EMPTY"], "one policy"),
      WrongOption("policy set", ["--file", "JOB"], "balancer", "required"),
      WrongOption("policy set", ["--file", "JOB", "--balancer", "switchyard.random"], "--file"),
      WrongOption("policy set", ["--file", "JOB", "--filter", "switchyard.random"], "--file"),
      WrongOption("policy set", ["--filter", "switchyard.designated"], "--balancer"),
      WrongOption("plugin show", ["nobody"], "nobody", "plugin list"),
      WrongOption("plugin show", ["A B"], "plugin", jobName),
      WrongOption("plugin show", [""], "plugin", jobName), WrongOption("plugin show", [], "id"),
      WrongOption("plugin load", ["/not/there.so"], "/not/there.so", "shared library"),
      WrongOption("plugin load", ["JOB"], "file", ".so"),
      WrongOption("plugin load", ["JOB", "--name", "job.so"], "ELF"),
      WrongOption("plugin load", [], "file"),
    ],
    each("plugin load", "--name", ["", "x", "../x.so", ".so", "a b.so", tooLong], "file", ".so", given: ["JOB"]),
    each("policy set", "--balancer", ["", "A", "a b"], "balancer", "1 to 128"),
    each("policy set", "--balancer", ["switchyard.random={", "switchyard.random=x"], "--balancer"),
    each("policy set", "--balancer", ["switchyard.random=7"], "--balancer", "object"),
    each("policy set", "--balancer", ["com.example.nobody"], "com.example.nobody", "switchyard.random"),
    each("policy set", "--balancer", ["switchyard.random={\"a\":1}"], "balancer", "unknown member"),
    ["filter", "scorer"].flatMap { option in
      let before = ["--balancer", "switchyard.random"]
      return each("policy set", "--\(option)", ["", "A"], option, "1 to 128", given: before)
        + each("policy set", "--\(option)", ["switchyard.random={"], "--\(option)", given: before)
        + each("policy set", "--\(option)", ["switchyard.random"], option, given: before)
        + each("policy set", "--\(option)", ["com.example.nobody"], "com.example.nobody", given: before)
    },
  ])

  static let access: [WrongOption] = joined([
    [
      WrongOption("app show", ["A B"], "app", appName), WrongOption("app show", [""], "app", appName),
      WrongOption("app show", ["nowhere"], "nowhere"),
      WrongOption("app show", [], "app"), WrongOption("token create", ["t"], "--role"),
      WrongOption("token create", ["A B", "--role", "admin"], "name", jobName),
      WrongOption("token create", ["", "--role", "admin"], "name"),
      WrongOption("token create", ["t", "--role", "read"], "--app"),
      WrongOption("token create", ["t", "--role", "admin", "--app", "a"], "admin", "apps"),
      WrongOption("token create", ["t", "--role", "read", "--app", "a", "--slots", "4"], "join"),
      WrongOption("token rotate", ["nobody"], "nobody", "token list"), WrongOption("token rotate", [], "token"),
      WrongOption("token revoke", ["nobody"], "nobody", "token list"), WrongOption("token revoke", [], "token"),
    ],
    each("token create", "--role", ["root", "READ"], "role", "operate", "join", given: ["t", "--app", "a"]),
    each("token create", "--role", [""], "role", given: ["t", "--app", "a"]),
    each("token create", "--app", ["", "A", "a b"], "apps[0]", "1 to 64", given: ["t", "--role", "read"]),
    each("token create", "--tag", ["", "a b"], "tags[0]", given: ["t", "--role", "join", "--app", "*"]),
    each("token create", "--site", ["", "a b"], "sites[0]", given: ["t", "--role", "join", "--app", "*"]),
    each(
      "token create", "--slots", ["0", "65537"], "slots", "1...65536", given: ["t", "--role", "join", "--app", "*"]),
    each("token create", "--slots", ["many", "-1"], "slots", given: ["t", "--role", "join", "--app", "*"]),
    each(
      "token create", "--expires", ["", "soon", "-1d", "90", "99999d"], "--expires",
      given: ["t", "--role", "read", "--app", "a"]),
    each("token rotate", "--overlap", ["", "soon", "-1h", "99999d"], "overlap", given: ["TOKEN"]),
    each("audit list", "--app", ["A", "", "a b"], "app", appName),
    each("audit list", "--token", ["nobody", ""], "token", "token list"),
    each("audit list", "--since", ["", "yesterday"], "since", "2026-03-29T01:30:00"),
    each("audit list", "--limit", ["0", "1001"], "limit", "1...1000"),
    each("audit list", "--limit", ["all"], "limit"),
  ])

  static let others: [WrongOption] = joined([
    each("events", "--app", ["A", "", "a b"], "app", appName),
    each("events", "--job", ["A", ""], "job", jobName),
    each("events", "--types", ["", "instances", "job,"], "types", "instance"),
    each("events", "--since", ["1", "x-y", "-"], "Last-Event-ID"),
    each("cron next", "--zone", ["Nowhere/City", "../../etc/passwd", ""], "zone", given: ["* * * * *"]),
    each("cron next", "--after", ["", "yesterday", "2026-03-29"], "after", given: ["* * * * *"]),
    each("cron next", "--count", ["0", "1001", "-1"], "count", "1...1000", given: ["* * * * *"]),
    each("cron next", "--count", ["many"], "count", given: ["* * * * *"]),
    [
      WrongOption("cron next", [""], "cron"), WrongOption("cron next", ["61 * * * *"], "minute", "61", "0-59"),
      WrongOption("cron next", ["* * *"], "5 fields"), WrongOption("cron next", ["* * * * MOO"], "MOO"),
      WrongOption("cron next", ["@reboot"], "@reboot"),
      WrongOption("cron next", ["*", "*", "*"], "*"), WrongOption("cron next", [], "expression"),
      WrongOption("import crontab", [], "file"),
      WrongOption("import crontab", ["/not/there"], "/not/there"),
      WrongOption("import crontab", ["/etc"], "/etc"),
      WrongOption("completion", ["tcsh"], "tcsh", "bash"), WrongOption("completion", [], "shell"),
      WrongOption("store check", ["--data", "/not/there"], "/not/there"),
      WrongOption("store check", ["--data", ""], "data", "directory"),
      WrongOption("store backup", ["/tmp/x.db", "--data", "/not/there"], "/not/there"),
      WrongOption("store backup", ["JOB", "--data", "DATA"], "job.yaml", "there"),
      WrongOption("store backup", ["/not/there/x.db", "--data", "DATA"], "/not/there"),
      WrongOption("store backup", [], "file"),
      WrongOption("frobnicate", [], "frobnicate"), WrongOption("job frobnicate", [], "frobnicate"),
      WrongOption("status", ["--colour"], "--colour"), WrongOption("status", ["--json=1"], "--json"),
    ],
    each("import crontab", "--app", ["A", "", "a b"], "--app", appName, given: ["CRONTAB"]),
    each("import crontab", "--prefix", ["A", "a b", "-x"], "--prefix", jobName, given: ["CRONTAB"]),
    each("import crontab", "--zone", ["Nowhere/City", ""], "zone", given: ["CRONTAB"]),
    each(
      "status", "--server-url", ["", "127.0.0.1", "ftp://x", "http://", "http://a b", "http://x:99999", "http://[::1"],
      "server-url", "http or https"),
    each("status", "--token-file", ["/not/there", ""], "--token-file", "SWITCHYARD_TOKEN"),
    each("status", "--token-file", ["/dev/null"], "token"),
    each("status", "--tls-ca", ["/not/there", "/etc/passwd"], "tls-ca", "ca.pem"),
    each("status", "--data", ["", "/not/there"], "data"),
  ])
}
