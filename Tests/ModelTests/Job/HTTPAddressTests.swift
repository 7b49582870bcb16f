import SwitchyardModel
import Testing

@Suite struct HTTPAddressTests {
  @Test(
    arguments: [
      ("http://example.org", "example.org", 80), ("https://Example.org/", "example.org", 443),
      ("HTTPS://a:8443?x=1", "a", 8443), ("http://127.0.0.1:80/a%20b", "127.0.0.1", 80), ("http://[::1]/", "::1", 80),
      ("http://[2001:DB8::7]:8080/x", "2001:db8::7", 8080), ("http://[::ffff:10.0.0.1]", "::ffff:10.0.0.1", 80),
      ("http://[1:2:3:4:5:6:7:8]", "1:2:3:4:5:6:7:8", 80), ("http://[::]", "::", 80), ("http://[1::]", "1::", 80),
      ("http://a_b.example./~u/;p=1@x", "a_b.example.", 80),
    ] as [(String, String, UInt16)])
  func `a URL is taken apart`(url: String, host: String, port: UInt16) throws {
    let address = try #require(HTTPAddress(parsing: url))
    #expect(address.host == host)
    #expect(address.port == port)
    #expect(address.isSecure == url.lowercased().hasPrefix("https"))
  }

  @Test(arguments: [
    "", "example.org", "//example.org", "http:/example.org", "http://", "http:///x", "http://:80", "ftp://a",
    "file:///etc/passwd",
    "javascript:alert(1)", "http://user@a/", "http://u:p@a/", "http://a b/", "http://a/ b", "http://a/\n", "http://a/é",
    "http://é/",
    "http://a:0/", "http://a:65536/", "http://a:/", "http://a:8x/", "http://a:+80/", "http://a/#f", "http://a/%2",
    "http://a/%zz",
    "http://-a/", "http://a-/", "http://a..b/", "http://.a/", "http://[::1", "http://[]/", "http://[1]/",
    "http://[1:2:3:4:5:6:7]/",
    "http://[1:2:3:4:5:6:7:8:9]/", "http://[::1::]/", "http://[12345::]/", "http://[::1%25eth0]/", "http://[::1.2.3]/",
    "http://[:::]/",
    "http://[::256.0.0.1]/", "http://[::1]x/", "http://a/[x]", "http://a\\@b/", "http://a/\"", "http://a/<x>",
    "http://[1:::2]/", "http://[g::]/",
    "http://\(String(repeating: "a", count: 64))/", "http://a/" + String(repeating: "x", count: 2048),
  ])
  func `what is no such URL is refused`(url: String) {
    #expect(HTTPAddress(parsing: url) == nil)
  }
}
