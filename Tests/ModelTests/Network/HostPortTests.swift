import SwitchyardModel
import Testing

@Suite struct HostPortTests {
  @Test(
    arguments: [
      ("host", "host", nil), ("Host.Example:7410", "host.example", 7410), ("127.0.0.1:0", "127.0.0.1", 0),
      ("[::1]:65535", "::1", 65_535), ("[::]", "::", nil), ("a_b.example.:1", "a_b.example.", 1),
    ] as [(String, String, UInt16?)])
  func `a host is parted from its port`(text: String, host: String, port: UInt16?) {
    let address = HostPort(parsing: text)
    #expect(address?.host == host)
    #expect(address?.port == port)
  }

  @Test(arguments: [
    "", ":", ":80", "host:", "host:65536", "host:-1", "host:+1", "host:1x", "host: 1", "host:000080", "a b:1", "a/b:1",
    "user@host:1", "::1", "::1:80", "[::1", "[::1]80", "[::1]:", "[]:1", "[host]:1", "[::1%25eth0]:1", "-a:1", "a..b:1",
    "é:1", "a\u{0}b:1",
  ])
  func `what is no host with a port is refused`(text: String) {
    #expect(HostPort(parsing: text) == nil)
  }
}
