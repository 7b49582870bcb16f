import Foundation
import SwitchyardModel

/// The time zone database of this machine (Debian: `tzdata`).
enum ZoneFiles {
  static let directory = "/usr/share/zoneinfo"
  static let database = TimeZoneDatabase { name in
    try? [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")))
  }

  static func zone(_ name: String) throws -> TimeZoneRules { try database.zone(named: name) }

  /// All names that `tzdata` lists for people, and a few that it keeps for old programs.
  static func allNames() throws -> [String] {
    let table = try String(contentsOfFile: "\(directory)/tzdata.zi", encoding: .utf8)
    return table.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      return words.first == "Z" ? String(words[1]) : words.first == "L" && words.count > 2 ? String(words[2]) : nil
    }
  }
}
