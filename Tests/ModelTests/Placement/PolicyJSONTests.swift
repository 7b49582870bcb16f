import SwitchyardModel
import Testing

@Suite struct PolicyJSONTests {
  @Test func `a policy reads and writes back, its configurations in canonical form`() throws {
    let json: JSONValue = [
      "filters": [["plugin": "switchyard.datacenter", "config": ["b": [1], "a": ["active": "east"]]]],
      "balancer": ["plugin": "switchyard.power-of-two"],
    ]
    let policy = try Policy(json: json)
    #expect(
      policy
        == Policy(
          filters: [
            Policy.Strategy(plugin: "switchyard.datacenter", configuration: #"{"a":{"active":"east"},"b":[1]}"#)
          ],
          balancer: Policy.Strategy(plugin: "switchyard.power-of-two")))
    #expect(try Policy(json: JSONValue(parsing: policy.json.bytes)) == policy)
  }

  @Test(arguments: [
    ("{}", "balancer: is required: an object"), ("[]", "must be an object, found a list of 0"),
    (#"{"balancer":{}}"#, "balancer.plugin: is required: text of 1 to 128 bytes"),
    (
      #"{"balancer":{"plugin":"../x"}}"#,
      "balancer.plugin: must be 1 to 128 of a-z, 0-9, '.', '_', '-', with a letter or digit first, found \"../x\""
    ),
    (#"{"balancer":{"plugin":"a","config":[]}}"#, "balancer.config: must be an object, found a list of 0"),
    (
      #"{"balancer":{"plugin":"a","configuration":{}}}"#,
      "balancer.configuration: unknown field; known are plugin, config"
    ),
    (#"{"balancer":{"plugin":"a"},"filter":[]}"#, "filter: unknown field, did you mean \"filters\"?"),
    (#"{"balancer":{"plugin":"a"},"filters":[{"plugin":"a"},3]}"#, "filters[1]: must be an object, found 3"),
  ])
  func `a policy is refused by its path`(text: String, expected: String) throws {
    let json = try JSONValue(parsing: text)
    do {
      _ = try Policy(json: json)
      Issue.record("was taken")
    } catch {
      #expect(error.description == expected)
    }
  }
}
