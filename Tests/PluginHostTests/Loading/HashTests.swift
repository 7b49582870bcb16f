import CPluginHost
import SwitchyardPlugins
import Testing

struct HashTests {
  /// Vectors of FIPS 180-4 and of the xxHash project's own checks (XXH3-64, seed 0, empty input).
  @Test(
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func sha256(_ text: String, _ expected: String) {
    var hash = ph_sha256()
    ph_sha256_begin(&hash)
    let bytes = Array(text.utf8)
    // In two parts, so that the block boundary moves.
    ph_sha256_add(&hash, bytes, bytes.count / 2)
    bytes.withUnsafeBufferPointer { all in
      let rest = UnsafeBufferPointer(rebasing: all[(bytes.count / 2)...])
      ph_sha256_add(&hash, rest.baseAddress, rest.count)
    }
    var digest = [UInt8](repeating: 0, count: 32)
    ph_sha256_end(&hash, &digest)
    #expect(digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
  }

  @Test func nodeIDsAreXXH3() {
    #expect(nodeID("") == 0x2D06_8005_38D3_94C2)
  }
}
