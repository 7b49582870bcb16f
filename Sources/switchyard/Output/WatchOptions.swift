import ArgumentParser
import Foundation
import SwitchyardModel

/// `--watch`, for commands that show how something is.
struct WatchOptions: ParsableArguments {
  @Flag(name: .long, help: "Show it again every two seconds, until Ctrl-C; to a pipe, when it has changed.")
  var watch = false

  private static let interval = Duration.seconds(2)

  /// Prints what `fetch` gets, once or over and over. A server that does not answer is told, and asked again: it may be
  /// on its way back.
  func output(json: Bool, _ fetch: () async throws -> JSONValue, _ human: (JSONValue) -> String) async throws {
    guard watch else {
      let value = try await fetch()
      return put(json ? value.text : human(value))
    }
    var last: String?
    while true {
      let text: String
      do {
        let value = try await fetch()
        text = json ? value.text : human(value)
      } catch let error as CLIError where last != nil && !json {
        text = error.description
      }
      draw(text, isNew: text != last)
      last = text
      try await Task.sleep(for: Self.interval)
    }
  }

  private func draw(_ text: String, isNew: Bool) {
    if Terminal.isOutput {
      let time = Date().formatted(.iso8601.time(includingFractionalSeconds: false))
      print("\u{1B}[H\u{1B}[2JEvery 2 s, \(time) UTC; Ctrl-C ends it\n\n\(text)")
    } else if isNew {
      print(text)
    }
    flushOutput()
  }
}
