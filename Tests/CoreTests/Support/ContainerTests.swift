import SwitchyardModel
import Testing

@testable import SwitchyardCore

@Suite struct ContainerTests {
  @Test func heapSorts() {
    var random = SeededRandom(seed: 3)
    var heap = BinaryHeap<UInt64>()
    let numbers = (0..<500).map { _ in random.below(100) }
    for number in numbers { heap.insert(number) }
    heap.keep { $0 % 3 != 0 }
    var out: [UInt64] = []
    while let next = heap.popFirst() { out.append(next) }
    #expect(out == numbers.filter { $0 % 3 != 0 }.sorted())
  }

  @Test func fifoKeepsOrder() {
    var queue = Fifo<Int>()
    var expected: [Int] = []
    var random = SeededRandom(seed: 4)
    for n in 0..<2000 {
      queue.append(n)
      expected.append(n)
      if random.below(3) > 0 { #expect(queue.popFirst() == expected.removeFirst()) }
      #expect(queue.count == expected.count)
      #expect(queue.first == expected.first)
    }
  }

  /// Keys from a small range, so that they collide, are removed and come again.
  @Test(arguments: [UInt64(1), 2, 3]) func mapIsADictionary(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var map = IDMap<InstanceID, Int>()
    var model: [InstanceID: Int] = [:]
    for n in 0..<20_000 {
      let id = InstanceID(rawValue: random.below(n < 10_000 ? 300 : 40))
      switch random.below(4) {
      case 0: #expect(map.removeValue(forKey: id) == model.removeValue(forKey: id))
      case 1:
        map.update(id) { $0 += 1 }
        model[id]? += 1
      default:
        map[id] = n
        model[id] = n
      }
      #expect(map.count == model.count)
      #expect(map[id] == model[id])
    }
    #expect(map.sortedKeys == model.keys.sorted())
    for id in model.keys { #expect(map[id] == model[id]) }
    for id in model.keys { map[id] = nil }
    #expect(map.isEmpty)
  }
}
