import SwitchyardModel

/// What the driver needs of placement; ``PlacementEngine`` is behind it.
protocol PlacementPort: Sendable {
  func place(_ requests: [PlacementRequest])
  func apply(_ changes: [NodeChange])
  /// Makes a stored revision live, on a thread of its own: the old one goes on if that fails.
  func adopt(_ revision: PolicyRevision)
}
