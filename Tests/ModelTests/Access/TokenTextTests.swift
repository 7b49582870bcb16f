import SwitchyardModel
import Testing

@Suite struct TokenTextTests {
  private let secret = (0..<20).map { UInt8($0 * 13) }

  // By Python's zlib.crc32 over the 32 letters.
  @Test("a token has its prefix, 160 bits of secret, and a checksum")
  func shape() throws {
    let text = try #require(TokenText(secret: secret)).text
    #expect(text == "sy_006hm9sm8575pt3nga7ssadprf8dvtqq6mky02")
    #expect(TokenText.isWhole(text))
    #expect(TokenText(secret: Array(secret.dropLast())) == nil)
  }

  @Test("one wrong letter, wherever it is, makes it no token")
  func misspelt() throws {
    let text = Array(try #require(TokenText(secret: secret)).text.utf8)
    for index in text.indices {
      for letter in "0zs_O".utf8 where letter != text[index] {
        var other = text
        other[index] = letter
        #expect(!TokenText.isWhole(String(decoding: other, as: UTF8.self)), "letter \(index)")
      }
    }
  }

  @Test("what is no token", arguments: ["", "sy_", "sy_\u{1F600}", String(repeating: "sy_", count: 100_000), "SY_0"])
  func refused(text: String) { #expect(!TokenText.isWhole(text)) }
}

@Suite struct TokenRoleTests {
  @Test("each role includes those before it, and join stands alone")
  func roles() {
    let all: [Permission] = [.read, .operate, .write, .admin, .join]
    let allowed: [TokenRole: [Permission]] = [
      .read: [.read], .operate: [.read, .operate], .write: [.read, .operate, .write],
      .admin: [.read, .operate, .write, .admin], .join: [.join],
    ]
    for role in TokenRole.allCases {
      #expect(all.filter(role.allows) == allowed[role], "\(role)")
      #expect(role.allows(.anyone))
      #expect(TokenRole(name: role.name) == role)
    }
    #expect(TokenRole(name: "root") == nil)
  }

  @Test("a scope has its apps and no others")
  func scopes() {
    #expect(AppScope.all.contains("x") && AppScope.all.names == ["*"])
    let some = AppScope(["b", "a", "b"])
    #expect(some.names == ["a", "b"] && some.contains("a") && !some.contains("*") && !some.contains("A"))
  }
}
