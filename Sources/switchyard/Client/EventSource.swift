import SwitchyardModel

/// One server-sent event.
struct ServerEvent: Equatable {
  var id: String
  var kind: String
  var data: String
}

/// Reads `text/event-stream` (HTML Living Standard, 9.2), as much of it as the server writes: fields `id`, `event` and
/// `data`, and comments. Lines end in LF.
struct EventParser {
  /// Of the last event, also of one without data; to go on from.
  private(set) var lastID: String?
  private var line: [UInt8] = []
  private var kind = ""
  private var data: [String] = []

  init(lastID: String? = nil) { self.lastID = lastID }

  /// - Returns: the events that are complete now.
  mutating func feed(_ bytes: [UInt8]) -> [ServerEvent] {
    var events: [ServerEvent] = []
    for byte in bytes {
      guard byte == 0x0A else {
        line.append(byte)
        continue
      }
      if line.isEmpty {
        if !data.isEmpty {
          events.append(
            ServerEvent(id: lastID ?? "", kind: kind.isEmpty ? "message" : kind, data: data.joined(separator: "\n")))
        }
        kind = ""
        data = []
      } else {
        read(String(decoding: line, as: UTF8.self))
        line.removeAll(keepingCapacity: true)
      }
    }
    return events
  }

  /// The stream broke off: what was not complete is gone.
  mutating func reset() { self = EventParser(lastID: lastID) }

  private mutating func read(_ line: String) {
    let name = line.prefix { $0 != ":" }
    var value = line.dropFirst(name.count + 1)
    if value.hasPrefix(" ") { value = value.dropFirst() }
    switch name {
    case "id": lastID = String(value)
    case "event": kind = String(value)
    case "data": data.append(String(value))
    default: break
    }
  }
}
