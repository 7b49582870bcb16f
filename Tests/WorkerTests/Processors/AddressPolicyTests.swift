import SwitchyardModel
import Testing

@testable import SwitchyardWorker

@Suite struct AddressPolicyTests {
  @Test(
    "what no job has business with is denied unless it is named",
    arguments: [
      "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1", "fe80::1%eth0", "febf::1",
      "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "0.0.0.0", "::", "224.0.0.1",
      "255.255.255.255",
      "ff02::1",
    ])
  func denied(address: String) throws {
    let refusal = try AddressPolicy().refusal(of: address)
    #expect(refusal?.contains("http-allow") == true)
    #expect(try AddressPolicy(allow: ["0.0.0.0/0", "::/0"]).refusal(of: address) == nil)
  }

  @Test(
    "what jobs call is let through",
    arguments: [
      "10.1.2.3", "192.168.0.1", "172.16.0.1", "fd12::1", "93.184.216.34", "2001:db8::1", "170.0.0.1", "fec0::1",
    ])
  func allowed(address: String) throws { #expect(try AddressPolicy(loopback: false).refusal(of: address) == nil) }

  @Test("the worker's own machine is a choice", arguments: ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
  func loopback(address: String) throws {
    #expect(try AddressPolicy().refusal(of: address) == nil)
    #expect(try AddressPolicy(loopback: false).refusal(of: address) != nil)
  }

  @Test("the more exact of allow and deny holds, and deny where both are as exact")
  func exactness() throws {
    let policy = try AddressPolicy(
      allow: ["10.1.0.0/16", "10.2.0.0/16"], deny: ["10.0.0.0/8", "10.1.9.0/24", "10.2.0.0/16"])
    #expect(policy.refusal(of: "10.1.0.1") == nil)
    #expect(policy.refusal(of: "10.3.0.1")?.contains("http-deny") == true)
    #expect(policy.refusal(of: "10.1.9.1") != nil && policy.refusal(of: "10.2.0.1") != nil)
    let alone = try AddressPolicy(allow: ["10.1.0.0/16"], deny: ["0.0.0.0/0", "::/0"])
    #expect(alone.refusal(of: "10.1.0.1") == nil && alone.refusal(of: "10.0.0.1") != nil)
    #expect(alone.refusal(of: "2001:db8::1") != nil)
  }

  @Test("an address with something behind its end is none")
  func cutOff() throws {
    #expect(try AddressPolicy().refusal(of: "10.1.2.3\0.example.org")?.contains("no IP address") == true)
  }

  @Test("a prefix may end within a byte")
  func prefixes() throws {
    let policy = try AddressPolicy(deny: ["192.168.128.0/17"])
    #expect(policy.refusal(of: "192.168.127.255") == nil && policy.refusal(of: "192.168.128.0") != nil)
  }

  @Test(
    "what is no network is refused with what is",
    arguments: [
      "", "10", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0.0/8/8", "example.org", "10.0.0.0/", "/8", "10.0.0.1\0",
      "64:ff9b::a00:1\0\u{1}3hh", "fe80::1%eth0", "fe80::%/10",
    ])
  func refused(text: String) {
    let error = #expect(throws: FieldError.self) { try AddressPolicy(deny: [text]) }
    #expect(error?.path == "http-deny" && error?.problem.contains("10.1.0.0/16") == true)
    #expect(throws: FieldError.self) { try AddressPolicy(allow: [text]) }
  }

  @Test("what has no address is not called")
  func unknown() throws { #expect(try AddressPolicy().refusal(of: "") != nil) }
}
