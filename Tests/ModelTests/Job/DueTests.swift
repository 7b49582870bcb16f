import SwitchyardModel
import Testing

/// The due times within a job's life, jitter, and what may overlap.
@Suite struct DueTests {
  let start = Timestamp(seconds: 1_800_000_000)

  /// Due times of a job that comes to be at `start`, in seconds after it.
  func due(_ schedule: Schedule, from: Int64? = nil, to: Int64? = nil, count: Int = 3) -> [Int64] {
    let spec = JobSpec(
      name: "a", schedule: schedule, startsAt: from.map { start + .seconds($0) },
      endsAt: to.map { start + .seconds($0) }, processor: .noop(duration: .zero))
    var times: [Int64] = []
    var after = start - .nanoseconds(1)
    while times.count < count, let next = spec.nextDue(after: after, anchor: spec.anchor(at: start), zone: .utc) {
      times.append((next - start).nanoseconds / 1_000_000_000)
      after = next
    }
    return times
  }

  @Test func `a life begins and ends`() throws {
    let minutely = Schedule.cron(try CronExpression(parsing: "* * * * *"))
    #expect(due(minutely) == [0, 60, 120])
    #expect(due(minutely, from: 60) == [60, 120, 180])
    #expect(due(minutely, from: 61) == [120, 180, 240])
    #expect(due(minutely, to: 120) == [0, 60])
    #expect(due(minutely, from: -500, to: 1) == [0])
    #expect(due(minutely, to: 0) == [])
  }

  @Test func `a rate counts from the start of its life`() {
    #expect(due(.fixedRate(.seconds(10))) == [0, 10, 20])
    #expect(due(.fixedRate(.seconds(10)), from: 3) == [3, 13, 23])
    #expect(due(.fixedRate(.seconds(10)), from: -13, to: 17) == [7])
  }

  @Test func `other schedules keep to their life`() {
    #expect(due(.once(start + .seconds(5)), from: 5, to: 6) == [5])
    #expect(due(.once(start + .seconds(5)), to: 5) == [])
    #expect(due(.fixedDelay(.seconds(5)), from: 9, count: 1) == [9])
    #expect(due(.fixedDelay(.seconds(5)), count: 1) == [5])
    #expect(due(.api, from: 1) == [])
    let spec = JobSpec(
      name: "a", schedule: .fixedDelay(.seconds(5)), startsAt: start, endsAt: start + .seconds(30),
      processor: .noop(duration: .zero))
    #expect(spec.dueAfterRun(endedAt: start - .seconds(9), delay: .seconds(5)) == start)
    #expect(spec.dueAfterRun(endedAt: start + .seconds(1), delay: .seconds(5)) == start + .seconds(6))
    #expect(spec.dueAfterRun(endedAt: start + .seconds(25), delay: .seconds(5)) == nil)
  }

  @Test func `jitter spreads evenly and is always the same`() {
    var spec = JobSpec(name: "a", jitter: .seconds(10), processor: .noop(duration: .zero))
    var seconds = [Int](repeating: 0, count: 10)
    for job in 0..<1000 {
      let id = JobID(rawValue: UInt64(job))
      let late = spec.start(of: start, job: id) - start
      #expect(late >= .zero && late < .seconds(10))
      #expect(spec.start(of: start, job: id) - start == late)
      #expect(spec.start(of: start + .seconds(1), job: id) - start != late)
      seconds[Int(late.nanoseconds / 1_000_000_000)] += 1
    }
    #expect(seconds.allSatisfy { (60...140).contains($0) }, "\(seconds)")
    spec.jitter = .zero
    #expect(spec.start(of: start, job: JobID(rawValue: 7)) == start)
  }

  @Test(
    arguments: [
      // policy, placed, waiting, follows, surplus
      (.queue, 0, 0, .goes, 0), (.queue, 1, 0, .goes, 0), (.queue, 2, 0, .waits, 0), (.queue, 1, 1, .waits, 0),
      (.queue, 2, 2, .waits, 0), (.queue, 2, 3, .isSkipped(.queueFull), 0), (.queue, 9, 9, .isSkipped(.queueFull), 0),
      (.discard, 1, 0, .goes, 0), (.discard, 2, 0, .isSkipped(.overlap), 0), (.discard, 0, 1, .isSkipped(.overlap), 0),
      (.fail, 1, 0, .goes, 0), (.fail, 2, 0, .fails, 0), (.replace, 1, 0, .goes, 0), (.replace, 2, 0, .replaces, 0),
      (.replace, 2, 1, .replaces, 1), (.replace, 3, 2, .replaces, 3), (.replace, 0, 2, .replaces, 0),
    ] as [(Overlap.Policy, Int64, Int64, Overlap.Verdict, Int64)])
  func `who comes while others run`(
    _ policy: Overlap.Policy, _ placed: Int64, _ waiting: Int64, _ verdict: Overlap.Verdict, _ surplus: Int64
  ) {
    let overlap = Overlap(limit: 2, policy: policy, queue: 3)
    #expect(overlap.verdict(placed: placed, waiting: waiting) == verdict)
    #expect(overlap.surplus(placed: placed, waiting: waiting) == surplus)
  }
}
