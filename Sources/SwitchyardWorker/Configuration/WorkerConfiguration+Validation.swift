import Foundation
import Glibc
package import SwitchyardModel

extension WorkerConfiguration {
  /// - Throws: all that is wrong, by the names of the settings.
  package func validate() throws(FieldErrors) {
    var errors = FieldErrors()
    func check(_ holds: Bool, _ path: String, _ accepted: String, _ found: @autoclosure () -> String) {
      if !holds { errors.append(FieldError(path: path, mustBe: accepted, found: found())) }
    }

    func rule(_ text: String, _ path: String, _ rule: (String) -> String?) {
      if let accepted = rule(text) { errors.append(FieldError(path: path, mustBe: accepted, found: quoted(text))) }
    }

    rule(name, "name", NameRule.node)
    check(
      dataDirectory.hasPrefix("/") && !dataDirectory.utf8.contains(0) && !Self.isOther(dataDirectory), "worker-data",
      "the absolute path of a directory, which need not be there yet", quoted(dataDirectory))
    check(!servers.isEmpty && servers.count <= 256, "server", "1 to 256 addresses", "\(servers.count)")
    check(
      (1...4096).contains(token.utf8.count) && token.utf8.allSatisfy { (33...126).contains($0) }, "worker-token",
      "1 to 4096 printable ASCII characters without spaces, as the server's DATA/worker-token holds",
      "\(token.utf8.count) bytes")
    let range = WorkerProfile.slotRange
    check(range.contains(slots), "slots", "\(range.lowerBound) to \(range.upperBound)", "\(slots)")
    if let weight { check((0...1e6).contains(weight), "weight", "a number in 0...1000000", "\(weight)") }
    for (path, list) in [("apps", apps), ("tag", tags), ("label", labels.map(\.key))] {
      check(list.count <= 256, path, "at most 256", "\(list.count)")
    }
    for app in apps.prefix(256) {
      rule(app, "apps") { name in NameRule.app(name).map { "names of apps (\($0)), or left out for all of them" } }
    }
    for tag in tags.prefix(256) { rule(tag, "tag", NameRule.tag) }
    for label in labels.prefix(256) {
      rule(label.key, "label") { key in NameRule.tag(key).map { "KEY=TEXT with a key of \($0)" } }
      check(
        label.text.utf8.count <= 256, "label", "KEY=TEXT with a text of at most 256 bytes", "\(label.text.utf8.count)")
    }
    if let site { rule(site, "site", NameRule.tag) }
    if let rack { rule(rack, "rack", NameRule.tag) }

    let known = ["shell", "http", "noop"]
    check(!processors.isEmpty, "processor", "at least one of \(known.joined(separator: ", "))", "none")
    check(Set(processors).count == processors.count, "processor", "each once", "\(processors.joined(separator: ", "))")
    for type in processors {
      check(known.contains(type), "processor", "one of \(known.joined(separator: ", "))", quoted(type))
    }
    if processors.contains("shell") {
      check(access(shimPath, X_OK) == 0, "shim", "the path of the switchyard-shim program", quoted(shimPath))
    }
    if let cgroupPath {
      check(
        access(cgroupPath + "/cgroup.procs", W_OK) == 0, "cgroup", "a delegated cgroup v2 directory", quoted(cgroupPath)
      )
    }
    for (path, file) in [("tls-ca", tls.authority), ("tls-certificate", tls.certificate), ("tls-key", tls.key)] {
      guard let file else { continue }
      let isPEM = FileManager.default.contents(atPath: file)?.firstRange(of: Data("-----BEGIN ".utf8)) != nil
      check(access(file, R_OK) == 0 && isPEM, path, "a PEM file that this user can read", quoted(file))
    }
    check((tls.certificate == nil) == (tls.key == nil), "tls-certificate", "given together with tls-key", "one of them")
    do throws(FieldError) { _ = try addressPolicy } catch { errors.append(error) }
    for strategy in metrics {
      rule(strategy.plugin, "metrics") { id in NameRule.identifier(id).map { "ID or ID=JSON with an id of \($0)" } }
    }
    let minute = Span.seconds(60)
    if let every = metricsEvery {
      check((.milliseconds(100)...minute).contains(every), "metrics-every", "100ms to 1m", "\(every)")
    }
    check((.zero...minute * 1440).contains(drainTimeout), "drain-timeout", "0s to 1d", "\(drainTimeout)")
    check((.zero...minute * 1440).contains(lockTimeout), "lock-timeout", "0s to 1d", "\(lockTimeout)")
    validate(logLimits, &errors)
    guard errors.isEmpty else { throw errors }
  }

  var addressPolicy: AddressPolicy {
    get throws(FieldError) {
      try AddressPolicy(allow: httpAllow, deny: httpDeny, loopback: processors.contains("shell"))
    }
  }

  /// Whether there is something else than a directory.
  private static func isOther(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT != S_IFDIR
  }

  private func validate(_ limits: LogLimits, _ errors: inout FieldErrors) {
    let fields = [
      ("log.line", limits.line, 1 << 20), ("log.attempt", limits.attempt, 1 << 30), ("log.tail", limits.tail, 1 << 20),
      ("log.total", limits.total, 1 << 34),
    ]
    for (path, value, most) in fields where !(0...most).contains(value) {
      errors.append(FieldError(path: path, mustBe: "0 to \(most) bytes", found: "\(value)"))
    }
  }
}
