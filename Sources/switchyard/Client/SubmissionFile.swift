import AsyncHTTPClient
import Foundation
import NIOCore
import SwitchyardModel

/// Submissions, one JSON object a line, read as fast as the server takes them.
struct SubmissionFile: AsyncSequence, @unchecked Sendable {
  typealias Element = ByteBuffer

  // Read by the one iterator of the request that sends it.
  private let handle: FileHandle
  /// The job of lines that name none.
  private let job: String?

  /// - Parameters:
  ///   - path: `-` is standard input.
  ///   - job: of lines that name none; nil: each must.
  init(path: String, job: String?) throws {
    self.job = job
    if path == "-" {
      handle = .standardInput
    } else if let opened = FileHandle(forReadingAtPath: path) {
      handle = opened
    } else {
      throw CLIError("\(path): cannot be read; it must hold one JSON object a line")
    }
  }

  func makeAsyncIterator() -> Iterator { Iterator(handle: handle, job: job) }

  struct Iterator: AsyncIteratorProtocol {
    private static let chunk = 64 << 10

    let handle: FileHandle
    let job: String?
    private var rest: [UInt8] = []
    private var number = 0

    init(handle: FileHandle, job: String?) {
      self.handle = handle
      self.job = job
    }

    mutating func next() async throws -> ByteBuffer? {
      while let data = try handle.read(upToCount: Self.chunk), !data.isEmpty {
        guard job != nil else { return ByteBuffer(bytes: data) }
        rest += data
        guard let end = rest.lastIndex(of: 0x0A) else { continue }
        let lines = try completed(rest[...end])
        rest.removeFirst(end + 1)
        return ByteBuffer(bytes: lines)
      }
      guard !rest.isEmpty else { return nil }
      defer { rest = [] }
      return ByteBuffer(bytes: try completed(rest[...]))
    }

    /// The lines, each with its job.
    private mutating func completed(_ lines: ArraySlice<UInt8>) throws -> [UInt8] {
      var output: [UInt8] = []
      output.reserveCapacity(lines.count * 2)
      for line in lines.split(separator: 0x0A, omittingEmptySubsequences: false) {
        number += 1
        guard line.contains(where: { $0 > 0x20 }) else { continue }
        // What is not an object goes as it is: the server says what is wrong with it.
        if let job, case .object(var object)? = try? JSONValue(parsing: Array(line)), object["job"] == nil {
          object["job"] = .string(job)
          JSONValue.object(object).write(into: &output)
        } else {
          output += line
        }
        output.append(0x0A)
      }
      return output
    }
  }
}
