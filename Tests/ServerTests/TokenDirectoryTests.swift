import Foundation
import SwitchyardModel
import Synchronization
import Testing

@testable import SwitchyardServer

@Suite(.timeLimit(.minutes(1)))
final class TokenDirectoryTests {
  private let folder = NSTemporaryDirectory() + "switchyard-tokens-\(UInt64.random(in: 0 ... .max))"
  private let now = Timestamp(seconds: 1_000)

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func record(
    _ id: UInt64 = 1, secret: String, expiresAt: Timestamp? = nil, previous: TokenRecord.Previous? = nil
  ) -> TokenRecord {
    TokenRecord(
      id: TokenID(rawValue: id), name: "t\(id)", role: .read, apps: AppScope(["a"]), hash: TokenText.hash(of: secret),
      previous: previous, createdAt: now, expiresAt: expiresAt)
  }

  private func failure(_ tokens: TokenDirectory, _ header: String?, at time: Timestamp) -> TokenFailure? {
    do throws(TokenFailure) {
      _ = try tokens.caller(authorization: header, at: time)
      return nil
    } catch {
      return error
    }
  }

  @Test func theTokensOfTheDirectoryAreMadeOnce() throws {
    let first = try TokenDirectory(directory: folder)
    let admin = try String(contentsOfFile: "\(folder)/token", encoding: .utf8).trimmingCharacters(in: .newlines)
    let join = try String(contentsOfFile: "\(folder)/worker-token", encoding: .utf8).trimmingCharacters(in: .newlines)
    #expect(TokenText.isWhole(admin) && TokenText.isWhole(join) && admin != join)
    for tokens in [first, try TokenDirectory(directory: folder)] {
      #expect(try tokens.caller(admin, at: now).role == .admin)
      #expect(try tokens.caller(authorization: "bearer  \(join)", at: now).role == .join)
    }
  }

  @Test func eachWayInWhichATokenIsNotTaken() async throws {
    let tokens = try TokenDirectory(directory: folder)
    let secret = TokenText.make()
    await tokens.load { [record(secret: secret, expiresAt: now + .seconds(10))] }
    for header in [nil, "", secret, "Basic \(secret)", "Bearer"] {
      #expect(failure(tokens, header, at: now) == .missing, "\(header ?? "nil")")
    }
    #expect(failure(tokens, "Bearer \(secret.dropLast())", at: now) == .misspelt)
    #expect(failure(tokens, "Bearer \(TokenText.make())", at: now) == .unknown)
    #expect(failure(tokens, "Bearer \(secret)", at: now) == nil)
    #expect(failure(tokens, "Bearer \(secret)", at: now + .seconds(10)) == .expired)
    tokens.apply(.revokeToken(TokenID(rawValue: 1), at: now))
    #expect(failure(tokens, "Bearer \(secret)", at: now) == .revoked)
  }

  @Test func anOldSecretIsGoodForTheOverlap() async throws {
    let tokens = try TokenDirectory(directory: folder)
    let (old, new) = (TokenText.make(), TokenText.make())
    tokens.apply(.putToken(record(secret: old)))
    tokens.apply(
      .rotateToken(
        TokenID(rawValue: 1), from: TokenText.hash(of: old), to: TokenText.hash(of: new), until: now + .seconds(5)))
    #expect(failure(tokens, "Bearer \(old)", at: now) == nil && failure(tokens, "Bearer \(new)", at: now) == nil)
    #expect(failure(tokens, "Bearer \(old)", at: now + .seconds(5)) == .expired)
    #expect(failure(tokens, "Bearer \(new)", at: now + .seconds(5)) == nil)
  }

  @Test("who has a stream open hears of the end of its secret, and of no other's")
  func lapses() async throws {
    let tokens = try TokenDirectory(directory: folder)
    let secrets = (0..<3).map { _ in TokenText.make() }
    for (number, secret) in secrets.enumerated() { tokens.apply(.putToken(record(UInt64(number) + 1, secret: secret))) }
    let time = now
    let callers = try secrets.map { try tokens.caller($0, at: time) }
    await withTaskGroup(of: Int?.self) { group in
      for (number, caller) in callers.enumerated() {
        group.addTask {
          await tokens.lapse(of: caller) { time }
          return Task.isCancelled ? nil : number
        }
      }
      tokens.apply(.revokeToken(TokenID(rawValue: 2), at: time))
      #expect(await group.next() == 1)
      tokens.apply(
        .rotateToken(
          TokenID(rawValue: 1), from: TokenText.hash(of: secrets[0]), to: TokenText.hash(of: TokenText.make()),
          until: time))
      #expect(await group.next() == 0)
      group.cancelAll()
      #expect(await group.next() == .some(nil))
    }
  }

  @Test("a change while the store is read is not lost")
  func loadAndChange() async throws {
    let tokens = try TokenDirectory(directory: folder)
    let secret = TokenText.make()
    let reads = Atomic(0)
    await tokens.load {
      // The first look at the store is from before the token.
      guard reads.add(1, ordering: .relaxed).newValue == 1 else { return [record(secret: secret)] }
      tokens.apply(.putToken(record(secret: secret)))
      return []
    }
    #expect(failure(tokens, "Bearer \(secret)", at: now) == nil)
    #expect(reads.load(ordering: .relaxed) == 2)
  }

  @Test func usesAreToldOnceAndCoarsely() throws {
    let tokens = try TokenDirectory(directory: folder)
    let secret = TokenText.make()
    tokens.apply(.putToken(record(secret: secret)))
    _ = try tokens.caller(secret, at: now)
    let use = TokenUse(token: TokenID(rawValue: 1), at: now)
    #expect(tokens.takeUses(olderThan: .seconds(300)) == [use])
    #expect(tokens.takeUses(olderThan: .seconds(300)) == [])
    tokens.apply(.usedTokens([use]))
    _ = try tokens.caller(secret, at: now + .seconds(299))
    #expect(tokens.takeUses(olderThan: .seconds(300)) == [])
    _ = try tokens.caller(secret, at: now + .seconds(300))
    #expect(tokens.takeUses(olderThan: .seconds(300)).count == 1)
  }
}
