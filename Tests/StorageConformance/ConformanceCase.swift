package import SwitchyardStorage
import Testing

/// One rule that every store keeps. A driver's tests run all of ``all``, each on a new, empty store:
///
/// ```swift
/// @Test(arguments: ConformanceCase.all)
/// func conforms(_ rule: ConformanceCase) async throws { try await rule.check(makeStore()) }
/// ```
package struct ConformanceCase: Sendable, CustomTestStringConvertible {
  package let name: String
  private let body: @Sendable (Scene) async throws -> Void

  init(_ name: String, _ body: @escaping @Sendable (Scene) async throws -> Void) {
    self.name = name
    self.body = body
  }

  package var testDescription: String { name }

  /// Checks the rule on a store that has nothing in it.
  package func check(_ store: any Store) async throws { try await body(Scene(on: store)) }

  package static let all: [ConformanceCase] =
    groups + servers + jobs + firing + instances + attempts + workers + access + owners + lists + values + retention
}
