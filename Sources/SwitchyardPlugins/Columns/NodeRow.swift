package import SwitchyardModel

/// What is fixed of a worker until its profile, its state or a text that it reports changes: then there is a new one.
package final class NodeRow: Sendable {
  package enum State: Sendable { case live, draining, suspended }

  package let ref: WorkerRef
  package let state: State
  package let seat: UInt32
  /// Credits are taken under this epoch.
  package let epoch: UInt32
  /// XXH3-64 of the name.
  package let id: UInt64
  package let joined: Monotonic
  /// Interned, as are the next three; 0: unknown.
  package let name: UInt32
  package let site: UInt32
  package let rack: UInt32
  package let version: UInt32
  package let slots: UInt32
  package let weight: Float
  /// As texts, as are processors: what decides whether a job may run there must not depend on room in a table.
  package let tags: Set<String>
  package let processors: Set<String>
  /// Names of the apps that it serves; empty: all.
  package let apps: [String]
  /// By text column, interned.
  package let texts: [UInt32]

  init(
    ref: WorkerRef, state: State, seat: UInt32, epoch: UInt32, id: UInt64, joined: Monotonic, name: UInt32,
    site: UInt32, rack: UInt32, version: UInt32, slots: UInt32, weight: Float, tags: Set<String>,
    processors: Set<String>, apps: [String], texts: [UInt32]
  ) {
    self.ref = ref
    self.state = state
    self.seat = seat
    self.epoch = epoch
    self.id = id
    self.joined = joined
    self.name = name
    self.site = site
    self.rack = rack
    self.version = version
    self.slots = slots
    self.weight = weight
    self.tags = tags
    self.processors = processors
    self.apps = apps
    self.texts = texts
  }
}

/// What moves with every heartbeat.
package struct NodeLoad: Hashable, Sendable {
  package var seat: UInt32
  /// NaN: unknown, as in the next two.
  package var cpu: Float
  package var mem: Float
  package var failRate: Float
  package var numbers: [Number]

  package struct Number: Hashable, Sendable {
    package var column: UInt32
    package var value: Float
  }
}

/// One site as it was judged.
package struct SiteState: Hashable, Sendable {
  package enum Standing: UInt32, Sendable { case unknown, up, down, drained }

  /// Interned.
  package var site: UInt32
  package var standing: Standing
  package var members: UInt32
  package var live: UInt32
  package var since: Monotonic
}

/// What lanes are told of nodes, resolved and small.
package enum NodeUpdate: Sendable {
  /// Came, or is another now.
  case row(NodeRow)
  case left(seat: UInt32)
  case load(NodeLoad)
  /// Its free slots changed: look at the credits.
  case credit(seat: UInt32)
  /// Names of all tag columns; how many text and number columns there are.
  case columns(tags: [String], texts: Int, numbers: Int)
  case sites([SiteState])
  /// Elsewhere, so that the others, of which there are many, stay small.
  indirect case event(PlacementEvent, seat: UInt32, id: UInt64, type: UInt32)
}
