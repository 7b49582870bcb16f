/// A page of rows that fulfil conditions for which the store has no index: pages of the store are read until enough is
/// found, or enough was looked at. Then the page is short, and still says where to go on: no request reads a store of
/// millions to its end.
struct Sieve<Row, Cursor> {
  /// Rows that one request looks at, at most about.
  static var lookLimit: Int { 5_000 }
  /// Rows that are read at a time: they may be large.
  private static var step: Int { 250 }
  /// Bytes of an answer, about.
  private static var weightLimit: Int { 2 << 20 }

  let limit: Int
  let after: Cursor?
  /// Reads so many rows behind a cursor.
  let read: (Cursor?, Int) async throws -> [Row]
  let cursor: (Row) -> Cursor
  let admits: (Row) -> Bool
  /// The bytes of what makes a row large.
  let weight: (Row) -> Int

  init(
    limit: Int, after: Cursor?, read: @escaping (Cursor?, Int) async throws -> [Row],
    cursor: @escaping (Row) -> Cursor, weight: @escaping (Row) -> Int = { _ in 0 },
    admits: @escaping (Row) -> Bool
  ) {
    self.limit = limit
    self.after = after
    self.read = read
    self.cursor = cursor
    self.admits = admits
    self.weight = weight
  }

  /// - Returns: the rows, and where to go on; nil at the end.
  func page() async throws -> (rows: [Row], next: Cursor?) {
    var rows: [Row] = []
    var last = after
    var looked = 0
    var weight = 0
    while looked < Self.lookLimit {
      // Mostly all that is read is wanted; when it was not, there is more to go through.
      let count = looked == 0 ? min(limit, Self.step) : Self.step
      let batch = try await read(last, count)
      for row in batch {
        last = cursor(row)
        guard admits(row) else { continue }
        rows.append(row)
        weight += self.weight(row)
        if rows.count == limit || weight >= Self.weightLimit { return (rows, last) }
      }
      if batch.count < count { return (rows, nil) }
      looked += batch.count
    }
    return (rows, last)
  }
}
