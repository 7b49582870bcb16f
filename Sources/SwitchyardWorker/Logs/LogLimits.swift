/// How much output is kept. What is beyond is left out, counted, and marked in the log itself.
package struct LogLimits: Hashable, Sendable {
  /// Of one line, in bytes.
  package var line: Int = 64 << 10
  /// Of one attempt from its beginning, in bytes.
  package var attempt: Int = 1 << 20
  /// Of one attempt at its end, in bytes: what is written after ``attempt`` is used up.
  package var tail: Int = 32 << 10
  /// Of all attempts together that no server has acknowledged, in bytes.
  package var total: Int = 64 << 20

  package init() {}
}
