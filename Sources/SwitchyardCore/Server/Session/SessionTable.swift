import SwitchyardModel

/// All workers that are connected or not judged, by name, and whose stream is whose.
struct SessionTable: Sendable {
  private var machines: [String: SessionMachine] = [:]
  /// Streams that joined, join, or wait to.
  private var names: [ConnectionID: String] = [:]

  var count: Int { machines.count }
  var sortedNames: [String] { machines.keys.sorted() }

  subscript(_ name: String) -> SessionMachine? {
    get { machines[name] }
    _modify { yield &machines[name] }
  }

  func name(of connection: ConnectionID) -> String? { names[connection] }

  mutating func bind(_ connection: ConnectionID, to name: String) { names[connection] = name }
  mutating func unbind(_ connection: ConnectionID) { names[connection] = nil }

  /// The machine of the stream, if it is that worker's live one.
  func live(_ connection: ConnectionID) -> String? {
    guard let name = names[connection], let machine = machines[name], machine.stage == .live,
      machine.connection == connection
    else { return nil }
    return name
  }

  /// The stream on which this incarnation can be told something now.
  func stream(of ref: WorkerRef) -> ConnectionID? {
    guard let machine = machines[ref.name], machine.stage == .live, machine.record?.ref == ref else { return nil }
    return machine.connection
  }

  func admits(_ ref: WorkerRef) -> Bool { machines[ref.name]?.admits(ref) ?? false }
  func isAlive(_ ref: WorkerRef) -> Bool { machines[ref.name]?.isAlive(ref) ?? false }

  mutating func removeAll() {
    machines.removeAll()
    names.removeAll()
  }
}
