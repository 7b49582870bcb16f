import Foundation

/// Where the programs under test and the sources are.
enum Programs {
  /// `SWITCHYARD_PROGRAMS` (to test a release build, say), else the directory of this test program.
  static let directory: String = {
    if let named = ProcessInfo.processInfo.environment["SWITCHYARD_PROGRAMS"] { return named }
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return (own as NSString).deletingLastPathComponent
  }()

  static var switchyard: String { "\(directory)/switchyard" }

  /// The root of the sources, seen from this file.
  static let repository: String = {
    var path = #filePath as NSString
    for _ in 0..<4 { path = path.deletingLastPathComponent as NSString }
    return path as String
  }()
}
