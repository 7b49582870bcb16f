import Foundation
import SwitchyardPlugins
import Testing

struct InternerTests {
  @Test func aTextHasOneNumberForEver() {
    let interner = Interner()
    let number = interner.number("west")
    #expect(number != 0 && interner.number("west") == number && interner.string(number) == "west")
    #expect(interner.number("") == 0 && interner.string(0) == "" && interner.string(99) == "")
    #expect(interner.number(String(repeating: "x", count: 257)) == 0)
  }

  @Test func aFullTableAnswersZeroAndKeepsWhatItHas() {
    let interner = Interner(limit: 1_024)
    let numbers = (0..<2_000).map { interner.number("t\($0)") }
    #expect(numbers.filter { $0 == 0 }.count == 2_000 - 1_023)
    #expect(interner.number("t5") == numbers[5] && interner.string(numbers[5]) == "t5")
  }

  @Test("who brings ever new texts runs out of his own budget, and what is known costs nothing")
  func budgets() {
    let interner = Interner()
    let racks = (0..<300).map { interner.number("rack\($0)", from: .worker("flooder")) }
    #expect(racks.count { $0 != 0 } == 256 && interner.refused == 44)
    #expect(interner.number("rack299", from: .worker("other")) != 0)
    #expect(interner.number("rack299", from: .worker("flooder")) == interner.number("rack299"))
    let labels = (0..<5_000).map { interner.number("label\($0)", from: .app("a")) }
    #expect(labels.count { $0 != 0 } == 4_096)
  }

  @Test("workers together have half of the table, and apps a quarter: the host finds room however many there are")
  func shares() {
    let interner = Interner(limit: 4_096)
    let names = (0..<4_096).map { interner.number("w\($0)", from: .worker("w\($0)")) }
    #expect(names.count { $0 != 0 } == 2_048)
    let apps = (0..<4_096).map { interner.number("a\($0)", from: .app("a\($0)")) }
    #expect(apps.count { $0 != 0 } == 1_024)
    #expect((0..<1_000).allSatisfy { interner.number("h\($0)") != 0 })
  }

  @Test func readersNeedNoLock() async {
    let interner = Interner()
    await withTaskGroup(of: Bool.self) { group in
      for part in 0..<4 {
        group.addTask {
          (0..<2_000).allSatisfy { index in
            let text = "p\(index % 500)-\(part % 2)"
            return interner.string(interner.number(text)) == text
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
    #expect(interner.count == 1_000)
  }
}
