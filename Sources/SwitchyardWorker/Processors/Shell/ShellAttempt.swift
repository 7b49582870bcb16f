import Glibc
import SwitchyardCore
import SwitchyardModel

/// An attempt under its shim, as the shell thread sees it.
final class ShellAttempt {
  let assignment: Assignment
  let command: ShellCommand
  let shim: pid_t
  /// The worker's end; closing it kills the attempt.
  let control: Descriptor
  /// Both streams of the job; nil after their end.
  var output: Descriptor?
  let directory: AttemptDirectory
  let cgroup: String?

  /// The strongest order given.
  private(set) var asked: KillReason?
  var startedAt: Timestamp?
  /// The shim ended without a last word; it must be reaped and what it held be found.
  var isOrphaned = false
  /// Of the shim, once it was reaped.
  var shimStatus: Int32?

  init(
    assignment: Assignment, command: ShellCommand, shim: pid_t, control: Descriptor, output: Descriptor,
    directory: AttemptDirectory, cgroup: String?
  ) {
    self.assignment = assignment
    self.command = command
    self.shim = shim
    self.control = control
    self.output = output
    self.directory = directory
    self.cgroup = cgroup
  }

  var ref: AttemptRef { assignment.attempt }

  /// Tells the shim to end the attempt. A shim that does not read is stopped, and its deadline counts on.
  func order(_ reason: KillReason) {
    guard asked != .isolated, asked != reason else { return }
    asked = reason
    var byte = reason == .stopped ? UInt8(ascii: "T") : UInt8(ascii: "K")
    _ = send(control.number, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
  }

  /// The next record that is there.
  func receive() -> Received {
    var packet = [UInt8](repeating: 0, count: 256)
    let count = recv(control.number, &packet, packet.count, Int32(MSG_DONTWAIT))
    if count > 0 {
      // A shim of this release says nothing else.
      return ShimRecord(String(decoding: packet.prefix(count), as: UTF8.self)).map { .record($0) } ?? .unknown
    }
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .end
  }

  enum Received {
    case record(ShimRecord)
    case unknown
    case nothing
    /// The shim has closed its end: it is gone, or on its way.
    case end
  }
}
