import SwitchyardModel
import Testing

@testable import SwitchyardServer

@Suite struct OrderTests {
  private static let created = Timestamp(seconds: 1_800_000_000)

  private func stored(_ parameters: String?, dueAt: Timestamp = OrderTests.created) -> Instance {
    let id = InstanceID(rawValue: 1)
    return Instance(
      id: id, job: JobID(rawValue: 2), jobVersion: 1, app: "a", shard: Shard(of: id), occurrence: .key("k"),
      readyAt: dueAt, dueAt: dueAt, createdAt: Self.created, parameters: parameters)
  }

  private func order(_ text: String) throws -> Order { try Order(try JSONValue(parsing: text), job: "j") }

  @Test(
    arguments: [
      ("{}", nil, true), (#"{"parameters":{"a":1,"b":2}}"#, #"{"b":2,"a":1}"#, true),
      (#"{"parameters":[1]}"#, "[1]", true),
      ("{}", "1", false), (#"{"parameters":1}"#, nil, false), (#"{"parameters":[1,2]}"#, "[2,1]", false),
    ] as [(String, String?, Bool)])
  func parametersAreComparedAsJSON(body: String, parameters: String?, same: Bool) throws {
    #expect(try order(body).matches(stored(parameters)) == same)
  }

  @Test func timesAreCompared() throws {
    let later = Self.created + .seconds(60)
    let (now, at) = (try order("{}"), try order(#"{"at":"\#(later)"}"#))
    #expect(now.matches(stored(nil)) && at.matches(stored(nil, dueAt: later)))
    #expect(!now.matches(stored(nil, dueAt: later)) && !at.matches(stored(nil)))
  }

  @Test(
    arguments: [
      (#"{"job":"a","keys":"b"}"#, "keys"), (#"{"key":"k"}"#, "job"), (#"{"job":"a","key":""}"#, "key"),
      (#"{"job":"a","at":"soon"}"#, "at"), (#"{"job":1}"#, "job"), ("[]", ""),
    ])
  func wrongItemsAreRefused(text: String, field: String) throws {
    let item = try JSONValue(parsing: text)
    let errors = #expect(throws: FieldErrors.self) { try Order(item) }
    #expect(errors?.errors.first?.path == field)
  }

  @Test func parametersHaveABound() throws {
    let text = String(repeating: "x", count: Order.parameterBytes - 2)
    #expect(try order(#"{"parameters":""# + text + #""}"#).parameters?.utf8.count == Order.parameterBytes)
    #expect(throws: FieldErrors.self) { try order(#"{"parameters":"x"# + text + #""}"#) }
  }
}
