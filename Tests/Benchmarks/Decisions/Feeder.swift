import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins

/// Where a lane leaves its answers.
final class AnswerBox: Sendable {
  private let inbox = Inbox<[PlacementResult]>()
  func put(_ results: [PlacementResult]) { inbox.put(results) }
  func take(into batches: inout [[PlacementResult]]) {
    inbox.sleep(until: HostClock.now + 100_000_000)
    inbox.take(into: &batches)
  }
}

/// Plays the server's driver: keeps some batches under way, gives slots back.
final class Feeder {
  private let engine: PlacementEngine
  private let answers: AnswerBox
  private let batch: Int
  private let requirements: Requirements
  private var next: UInt64 = 0
  /// Workers that were picked while it is asked for.
  private var workers: Set<String> = []

  init(engine: PlacementEngine, answers: AnswerBox, batch: Int) {
    self.engine = engine
    self.answers = answers
    self.batch = batch
    requirements = Requirements(JobSpec(name: "bench", processor: .noop(duration: .zero)))
  }

  var seen: Int { workers.count }

  private func requests() -> [PlacementRequest] {
    (0..<batch).map { _ in
      next += 1
      return PlacementRequest(
        instance: InstanceID(rawValue: next), job: JobID(rawValue: 1), app: "bench", attempt: 1,
        requirements: requirements, waitingSince: Timestamp(seconds: 1))
    }
  }

  /// - Parameter looking: counts who is picked, which takes its time.
  func run(seconds: Double, looking: Bool = false) -> (placed: Int, refused: Int, seconds: Double) {
    var placed = 0, refused = 0, underWay = 0
    var batches: [[PlacementResult]] = []
    let start = HostClock.now
    let end = start + Int64(seconds * 1e9)
    while HostClock.now < end || underWay > 0 {
      while HostClock.now < end, underWay < 16 * batch {
        engine.place(requests())
        underWay += batch
      }
      answers.take(into: &batches)
      for results in batches {
        var released: [NodeChange] = []
        released.reserveCapacity(results.count)
        for result in results {
          if case .worker(let ref) = result.answer {
            placed += 1
            released.append(.released(ref, slots: 1))
            if looking { workers.insert(ref.name) }
          } else {
            refused += 1
          }
        }
        underWay -= results.count
        engine.apply(released)
      }
      batches.removeAll(keepingCapacity: true)
    }
    return (placed, refused, Double(HostClock.now - start) / 1e9)
  }
}
