import SwitchyardModel

/// The environment of a shell job: nothing of the worker's own but where to find things, and what the job needs to know.
///
/// | name | value |
/// | --- | --- |
/// | `PATH` `HOME` `LANG` | the worker's, or usual ones |
/// | what the job's definition names | |
/// | `SWITCHYARD_INSTANCE` | identity of the instance |
/// | `SWITCHYARD_ATTEMPT` | number of the attempt; grows, so that a job can fence itself downstream |
/// | `SWITCHYARD_JOB` `SWITCHYARD_APP` `SWITCHYARD_WORKER` | names |
/// | `SWITCHYARD_DUE` | nominal due time, RFC 3339 |
/// | `SWITCHYARD_PARAMETERS` | JSON; absent when there are none, or when they are longer than 64 KiB |
/// | `SWITCHYARD_PARAMETERS_FILE` | a file with longer ones |
/// | `SWITCHYARD_RESULT` | a file that does not exist: what the job writes there, up to 64 KiB, is its result |
struct JobEnvironment {
  /// Linux takes 128 KiB for one variable.
  static let parameterBytes = 64 << 10

  var home: String
  /// The worker's own, as given to its jobs.
  private var base: [Label]
  private let worker: String

  /// - Parameter own: the environment of the worker's process.
  init(worker: String, own: [String: String]) {
    self.worker = worker
    home = own["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/"
    base = [
      Label(key: "PATH", text: own["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
      Label(key: "HOME", text: home),
      Label(key: "LANG", text: own["LANG"] ?? "C.UTF-8"),
    ]
  }

  /// `NAME=value`, sorted by name. The `SWITCHYARD_` names cannot be overridden.
  func variables(
    for assignment: Assignment, _ command: ShellCommand, resultPath: String, parametersPath: String?
  ) -> [String] {
    var values: [String: String] = [:]
    for label in base + command.environment { values[label.key] = label.text }
    values["SWITCHYARD_INSTANCE"] = assignment.attempt.instance.description
    values["SWITCHYARD_ATTEMPT"] = String(assignment.attempt.attempt)
    values["SWITCHYARD_JOB"] = assignment.definition.spec.name
    values["SWITCHYARD_APP"] = assignment.definition.app
    values["SWITCHYARD_WORKER"] = worker
    values["SWITCHYARD_DUE"] = assignment.dueAt.description
    values["SWITCHYARD_RESULT"] = resultPath
    values["SWITCHYARD_PARAMETERS"] = parametersPath == nil ? assignment.effectiveParameters : nil
    values["SWITCHYARD_PARAMETERS_FILE"] = parametersPath
    return values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }
}
