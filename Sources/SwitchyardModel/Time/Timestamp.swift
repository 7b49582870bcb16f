/// A point on the wall clock: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds (POSIX).
package struct Timestamp: Hashable, Comparable, Sendable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  package init(seconds: Int64) { self.nanoseconds = Span.seconds(seconds).nanoseconds }

  package static let distantPast = Timestamp(nanoseconds: .min)
  package static let distantFuture = Timestamp(nanoseconds: .max)

  /// Whole seconds since 1970, rounded down.
  package var seconds: Int64 {
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// Whole milliseconds since 1970, rounded down.
  package var milliseconds: Int64 {
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }

  package static func + (a: Timestamp, b: Span) -> Timestamp {
    Timestamp(nanoseconds: saturatingSum(a.nanoseconds, b.nanoseconds))
  }

  package static func - (a: Timestamp, b: Span) -> Timestamp {
    Timestamp(nanoseconds: saturatingDifference(a.nanoseconds, b.nanoseconds))
  }

  package static func - (a: Timestamp, b: Timestamp) -> Span {
    Span(nanoseconds: saturatingDifference(a.nanoseconds, b.nanoseconds))
  }
}
