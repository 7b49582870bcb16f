/// A length of time in nanoseconds. Arithmetic saturates at ±292 years instead of trapping, because
/// spans come from outside (job files, plugins, clocks) and a sum of two legal ones must stay legal.
package struct Span: Hashable, Comparable, Sendable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static let zero = Span(nanoseconds: 0)
  package static let max = Span(nanoseconds: .max)
  package static func nanoseconds(_ n: Int64) -> Span { Span(nanoseconds: n) }
  package static func microseconds(_ n: Int64) -> Span { Span(nanoseconds: 1_000) * n }
  package static func milliseconds(_ n: Int64) -> Span { Span(nanoseconds: 1_000_000) * n }
  package static func seconds(_ n: Int64) -> Span { Span(nanoseconds: 1_000_000_000) * n }

  package var seconds: Double { Double(nanoseconds) / 1e9 }
  package var milliseconds: Int64 { nanoseconds / 1_000_000 }

  package static func < (a: Span, b: Span) -> Bool { a.nanoseconds < b.nanoseconds }

  package static func + (a: Span, b: Span) -> Span {
    Span(nanoseconds: saturatingSum(a.nanoseconds, b.nanoseconds))
  }

  package static func - (a: Span, b: Span) -> Span {
    Span(nanoseconds: saturatingDifference(a.nanoseconds, b.nanoseconds))
  }

  package static func * (a: Span, factor: Int64) -> Span {
    let (product, overflow) = a.nanoseconds.multipliedReportingOverflow(by: factor)
    guard overflow else { return Span(nanoseconds: product) }
    return Span(nanoseconds: (a.nanoseconds < 0) == (factor < 0) ? .max : .min)
  }
}

@inline(__always)
func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? (b < 0 ? .min : .max) : sum
}

@inline(__always)
func saturatingDifference(_ a: Int64, _ b: Int64) -> Int64 {
  let (difference, overflow) = a.subtractingReportingOverflow(b)
  return overflow ? (b < 0 ? .max : .min) : difference
}
