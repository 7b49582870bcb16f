import Synchronization

/// The port that the HTTP face got, set once by its own task.
final class PortBox: Sendable {
  private let value = Atomic<Int>(0)
  var number: Int { value.load(ordering: .acquiring) }
  func set(_ number: Int) { value.store(number, ordering: .releasing) }
}
