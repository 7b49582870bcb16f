import SwitchyardModel

/// A job with a shell command.
func shellJob(_ name: String, _ command: String, _ more: JSONValue = [:]) -> JSONValue {
  job(name, ["shell": ["command": .string(command)]], more)
}

/// A job that only takes time.
func noopJob(_ name: String, _ duration: String = "0s", _ more: JSONValue = [:]) -> JSONValue {
  job(name, ["noop": ["duration": .string(duration)]], more)
}

func job(_ name: String, _ processor: JSONValue, _ more: JSONValue = [:]) -> JSONValue {
  var fields = JSONObject()
  fields["name"] = .string(name)
  fields["processor"] = processor
  for member in more.objectValue?.members ?? [] { fields[member.name] = member.value }
  return .object(fields)
}

/// Due times of a schedule's instances, in nanoseconds, ascending.
func dueTimes(_ instances: [JSONValue]) -> [Int64] {
  instances.compactMap { Int64($0.text("occurrence").dropFirst()) }.sorted()
}

/// What is wrong with the due times of a fixed-rate job: gaps and doubles.
func irregularities(_ times: [Int64], period: Int64) -> [String] {
  zip(times, times.dropFirst()).filter { $1 - $0 != period }.map { "\($0) is followed by \($1)" }
}
