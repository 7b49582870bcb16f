import SwitchyardModel
import Testing

@Suite struct WhyTests {
  let created = Timestamp(seconds: 1_800_000_000)
  var now: Timestamp { created + .seconds(3600) }

  func job(_ schedule: Schedule, _ change: (inout Job) -> Void = { _ in }) throws -> Job {
    var job = Job(
      id: JobID(rawValue: 1), app: "a", spec: JobSpec(name: "a", schedule: schedule, processor: .noop(duration: .zero)),
      nextFire: now + .seconds(60), anchor: created, createdAt: created, updatedAt: created)
    change(&job)
    return job
  }

  func minutely() throws -> Schedule { .cron(try CronExpression(parsing: "* * * * *")) }

  func record(_ due: Timestamp, _ state: InstanceState, _ skip: Skip? = nil) -> Instance {
    var instance = Instance(
      id: InstanceID(rawValue: 7), job: JobID(rawValue: 1), jobVersion: 1, app: "a", shard: Shard(0),
      occurrence: .due(due), state: state, readyAt: due, dueAt: due, createdAt: due)
    if let skip { instance.record(skip, overlap: nil) }
    return instance
  }

  @Test func `each verdict of the table`() throws {
    let past = created + .seconds(600)
    let cron = try minutely()
    func verdict(
      _ job: Job, _ time: Timestamp, _ record: Instance? = nil
    ) -> Why.Verdict { job.why(at: time, now: now, record: record, zone: .utc).verdict }
    let fine = try job(cron)
    let skip = Skip(reason: .misfire, first: past - .seconds(120), last: past + .seconds(120), count: 5)
    #expect(verdict(fine, past, record(past, .failed)) == .fired)
    #expect(verdict(fine, past, record(skip.first, .skipped, skip)) == .skipped)
    #expect(verdict(fine, past + .seconds(1), record(skip.first, .skipped, skip)) == .notDue)
    #expect(verdict(fine, past + .seconds(180), record(skip.first, .skipped, skip)) == .notRecorded)
    #expect(verdict(fine, past + .seconds(60), record(past, .succeeded)) == .notRecorded)
    #expect(verdict(try job(.api), past) == .noSchedule)
    #expect(verdict(try job(.fixedDelay(.seconds(5))), past) == .afterRun)
    #expect(verdict(fine, created - .seconds(60)) == .notCreated)
    #expect(verdict(try job(cron) { $0.spec.startsAt = past + .seconds(1) }, past) == .beforeStart)
    #expect(verdict(try job(cron) { $0.spec.endsAt = past }, past) == .afterEnd)
    #expect(verdict(fine, past + .seconds(30)) == .notDue)
    #expect(verdict(try job(cron) { $0.state = .paused }, past) == .paused)
    #expect(verdict(fine, now + .seconds(60)) == .due)
    #expect(verdict(try job(cron) { $0.nextFire = past }, past + .seconds(60)) == .due)
    #expect(verdict(fine, now) == .notRecorded)
  }

  @Test func `the nearest due times are told`() throws {
    let daily = Schedule.cron(try CronExpression(parsing: "0 9 * * MON"))
    let time = created + .seconds(86_400 * 30)
    let why = try job(daily).why(at: time, now: now, record: nil, zone: .utc)
    let after = try #require(daily.next(after: time, anchor: created, zone: .utc))
    #expect(why.verdict == .notDue)
    #expect(why.after == after)
    #expect(why.before == after - .seconds(7 * 86_400))
    let once = try job(.once(created + .seconds(5))).why(at: now, now: now, record: nil, zone: .utc)
    #expect(once.before == created + .seconds(5))
    #expect(once.after == nil)
  }

  @Test func `jitter is a window`() throws {
    let jittered = try job(minutely()) { $0.spec.jitter = .seconds(30) }
    let time = now + .seconds(60)
    #expect(jittered.why(at: time, now: now, record: nil, zone: .utc).window == time...(time + .seconds(30)))
    #expect(jittered.why(at: time + .seconds(1), now: now, record: nil, zone: .utc).window == nil)
  }

  @Test func `a second stands for what is due within it`() throws {
    let rate = try job(.fixedRate(.seconds(10))) { $0.anchor = created + .milliseconds(250) }
    #expect(rate.due(meaning: created + .seconds(10), zone: .utc) == created + .milliseconds(10_250))
    #expect(rate.due(meaning: created + .seconds(11), zone: .utc) == created + .seconds(11))
    #expect(rate.due(meaning: created + .milliseconds(10_100), zone: .utc) == created + .milliseconds(10_100))
  }
}
