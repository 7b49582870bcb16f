import Glibc

/// Why a worker cannot start or go on.
package struct WorkerError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: Hashable, Sendable {
    /// A setting is missing or out of its range.
    case invalidConfiguration
    /// The data directory cannot be read or written.
    case dataDirectory
    /// Another worker uses the data directory.
    case directoryInUse
    /// What an earlier start left running has not ended in time.
    case stillRunning
    /// The system refused something that the worker needs.
    case system
  }

  package var code: Code
  /// Says what to do next.
  package var message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}

/// What `errno` says, for the end of a sentence.
func systemMessage(_ number: Int32 = errno) -> String { String(cString: strerror(number)) }
