import CSQLite
import SwitchyardModel
package import SwitchyardStorage

/// Looks through a store for damage and for rows that contradict each other. It changes nothing, and may run
/// beside a server: each step sees one committed state.
package struct StoreCheck {
  /// Something that should not be.
  package struct Finding: Hashable, Sendable {
    /// What is wrong, as "instances of a job that is not there".
    package var problem: String
    /// In how many rows.
    package var count: Int
    /// One of them.
    package var example: String
  }

  package enum Step: String, CaseIterable, Sendable {
    /// SQLite's own check of every page and index; without indexes when quick.
    case pages
    case rows
    /// Reads every definition, which takes longest. Left out when quick.
    case definitions

    /// What it is doing, for people.
    package var doing: String {
      switch self {
      case .pages: "checking pages"
      case .rows: "comparing rows"
      case .definitions: "reading definitions"
      }
    }
  }

  package let path: String
  /// Of the schema; a lower one than `newest` is brought up to date by the next start of a server.
  package let version: Int
  private let isQuick: Bool
  private let connection: Connection

  package static var newest: Int { Schema.newest }

  /// - Parameters:
  ///   - directory: the server's data directory.
  ///   - quick: leaves out what takes minutes with millions of jobs.
  /// - Throws: when there is no store, or none that this program can read; the message says what to do.
  package init(at directory: String, quick: Bool) throws(StoreError) {
    path = "\(directory)/switchyard.db"
    isQuick = quick
    do throws(SQLiteFailure) { connection = try Connection.reader(path: path) } catch {
      throw error.storeError(at: path)
    }
    version = try Schema.version(of: connection, path: path)
    guard version > 0 else {
      throw StoreError(.corrupt, "\(path) is empty: no server has ever kept anything there")
    }
  }

  package var steps: [Step] { Step.allCases.filter { !isQuick || $0 != .definitions } }

  /// - Parameter progress: told how many rows are done, of how many.
  package func run(
    _ step: Step, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(StoreError) -> [Finding] {
    do throws(SQLiteFailure) {
      switch step {
      case .pages: return try pages()
      case .rows: return try version == Self.newest ? rows() : []
      case .definitions: return try version == Self.newest ? definitions(progress) : []
      }
    } catch {
      // Damage of this kind is what is looked for.
      guard error.primary == SQLITE_CORRUPT || error.primary == SQLITE_NOTADB else {
        throw error.storeError(at: path)
      }
      return [Finding(problem: "cannot be read to the end", count: 1, example: error.message)]
    }
  }

  /// How many rows there are, by table.
  package func counts() throws(StoreError) -> [(table: String, rows: Int)] {
    do throws(SQLiteFailure) {
      var counts: [(String, Int)] = []
      for table in ["jobs", "job_versions", "instances", "past_attempts", "workers", "policies"] {
        counts.append((table, Int(try connection.number("SELECT count(*) FROM \(table)"))))
      }
      return counts
    } catch {
      throw error.storeError(at: path)
    }
  }

  private func pages() throws(SQLiteFailure) -> [Finding] {
    let lines = try connection.prepare(isQuick ? "PRAGMA quick_check(100)" : "PRAGMA integrity_check(100)")
      .all { row throws(SQLiteFailure) in row.text() }
    guard lines != ["ok"] else { return [] }
    return [
      Finding(problem: "damaged pages or indexes", count: lines.count, example: lines.prefix(3).joined(separator: "; "))
    ]
  }

  private func rows() throws(SQLiteFailure) -> [Finding] {
    var findings: [Finding] = []
    for rule in Rule.all {
      let found = try connection.prepare("SELECT count(*), coalesce(min(example), '') FROM (\(rule.sql))")
        .first { row throws(SQLiteFailure) in (Int(row.int64()), row.text()) }
      guard let (count, example) = found, count > 0 else { continue }
      findings.append(Finding(problem: rule.problem, count: count, example: Self.shown(example)))
    }
    return findings
  }

  /// Definitions that cannot be read, and jobs that are in another shard than their identity says.
  private func definitions(_ progress: (Int, Int) -> Void) throws(SQLiteFailure) -> [Finding] {
    var unreadable = Tally("definitions that cannot be read")
    var misplaced = Tally("jobs in the wrong shard")
    let total = Int(try connection.number("SELECT count(*) FROM job_versions"))
    var done = 0
    let select = try connection.prepare(
      "SELECT v.job, v.version, v.spec, j.shard FROM job_versions v JOIN jobs j ON j.id = v.job")
    defer { select.reset() }
    while try select.step() {
      var row = select.row
      let job = row.id(JobID.self)
      let version = row.uint32()
      do throws(SQLiteFailure) { _ = try JobSpec(stored: row.text(), of: job, version: version) } catch {
        unreadable.add("\(job): \(error.message)")
      }
      if row.shard() != Shard(of: job) { misplaced.add("\(job)") }
      done += 1
      if done % 4_096 == 0 { progress(done, total) }
    }
    return [unreadable, misplaced].compactMap(\.finding)
  }

  /// Identities are numbers in the store, and have thirteen letters and digits for people.
  private static func shown(_ example: String) -> String {
    Int64(example).map { "\(JobID(rawValue: UInt64(bitPattern: $0)))" } ?? example
  }

  private struct Tally {
    let problem: String
    private var count = 0
    private var example = ""

    init(_ problem: String) { self.problem = problem }

    mutating func add(_ text: String) {
      if count == 0 { example = text }
      count += 1
    }

    var finding: Finding? { count == 0 ? nil : Finding(problem: problem, count: count, example: example) }
  }
}
