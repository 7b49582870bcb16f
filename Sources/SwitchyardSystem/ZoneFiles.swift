import Foundation
package import SwitchyardModel
import Synchronization

/// The system's time zones (`tzdata`), read once each.
package final class ZoneFiles: Sendable {
  private let directory: String
  private let cache = Mutex<[String: TimeZoneRules]>([:])
  private let database: TimeZoneDatabase

  /// - Parameter directory: of TZif files.
  package init(directory: String = "/usr/share/zoneinfo") {
    self.directory = directory
    database = TimeZoneDatabase { name in
      FileManager.default.contents(atPath: "\(directory)/\(name)").flatMap { $0.count <= 1 << 20 ? [UInt8]($0) : nil }
    }
  }

  /// For checking names in job definitions.
  package var names: TimeZoneDatabase { database }

  /// The rules; nil when there is no such zone.
  package func rules(_ name: String) -> TimeZoneRules? {
    if let known = cache.withLock({ $0[name] }) { return known }
    guard let rules = try? database.zone(named: name) else { return nil }
    cache.withLock { $0[name] = rules }
    return rules
  }
}
