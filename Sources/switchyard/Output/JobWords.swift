import SwitchyardModel

extension JSONValue {
  /// When a job of the API runs, in words; nil when its definition is not understood, as that of a newer server.
  var scheduleWords: String? {
    self["spec"].flatMap { try? JobSpec(json: $0) }?.words
  }
}
