import Glibc
package import SwitchyardModel

extension WorkerConfiguration {
  /// - Throws: all that is wrong, by the names of the settings.
  package func validate() throws(FieldErrors) {
    var errors = FieldErrors()
    func check(_ holds: Bool, _ path: String, _ accepted: String, _ found: @autoclosure () -> String) {
      if !holds { errors.append(FieldError(path: path, mustBe: accepted, found: found())) }
    }

    check(Self.isName(name), "name", Self.nameText, quoted(name))
    check(
      dataDirectory.hasPrefix("/") && !dataDirectory.utf8.contains(0), "data-directory", "an absolute path",
      quoted(dataDirectory))
    check(!servers.isEmpty && servers.count <= 256, "servers", "1 to 256 addresses", "\(servers.count)")
    check(
      (1...4096).contains(token.utf8.count) && token.utf8.allSatisfy { (33...126).contains($0) }, "token",
      "1 to 4096 printable ASCII characters without spaces", "\(token.utf8.count) characters")
    check((1...100_000).contains(slots), "slots", "1 to 100000", "\(slots)")
    if let weight { check((0...1e6).contains(weight), "weight", "a number in 0...1000000", "\(weight)") }
    for (path, list) in [("apps", apps), ("tags", tags)] {
      check(list.count <= 256, path, "at most 256 names", "\(list.count)")
      for text in list.prefix(256) { check(Self.isName(text), path, Self.nameText, quoted(text)) }
    }
    check(labels.count <= 256, "labels", "at most 256 labels", "\(labels.count)")
    for label in labels.prefix(256) {
      check(Self.isName(label.key), "labels", "a key of " + Self.nameText, quoted(label.key))
      check(label.text.utf8.count <= 1024, "labels.\(label.key)", "at most 1024 bytes", "\(label.text.utf8.count)")
    }
    if let site { check(Self.isName(site), "site", Self.nameText, quoted(site)) }
    if let rack { check(Self.isName(rack), "rack", Self.nameText, quoted(rack)) }

    let known = ["shell", "http", "noop"]
    check(!processors.isEmpty, "processors", "at least one of \(known.joined(separator: ", "))", "none")
    check(Set(processors).count == processors.count, "processors", "each once", "\(processors.joined(separator: ", "))")
    for type in processors {
      check(known.contains(type), "processors", "one of \(known.joined(separator: ", "))", quoted(type))
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
      if let file { check(access(file, R_OK) == 0, path, "a PEM file that this user can read", quoted(file)) }
    }
    check((tls.certificate == nil) == (tls.key == nil), "tls-certificate", "given together with tls-key", "one of them")
    do throws(FieldError) { _ = try addressPolicy } catch { errors.append(error) }
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

  private func validate(_ limits: LogLimits, _ errors: inout FieldErrors) {
    let fields = [
      ("log.line", limits.line, 1 << 20), ("log.attempt", limits.attempt, 1 << 30), ("log.tail", limits.tail, 1 << 20),
      ("log.total", limits.total, 1 << 34),
    ]
    for (path, value, most) in fields where !(0...most).contains(value) {
      errors.append(FieldError(path: path, mustBe: "0 to \(most) bytes", found: "\(value)"))
    }
  }

  private static let nameText = "1 to 128 of A-Z a-z 0-9 . _ -"

  static func isName(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || [45, 46, 95].contains($0)
      }
  }
}
