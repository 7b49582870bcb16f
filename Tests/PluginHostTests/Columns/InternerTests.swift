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
