extension JobSpec {
  /// When the job runs, in words: `at 09:00 on weekdays, Europe/Paris`.
  package var words: String {
    switch schedule {
    case .api: "only when it is told to"
    case .cron(let expression): "\(expression.words), \(timeZone)"
    case .fixedRate(let period): "every \(period)"
    case .fixedDelay(let delay): "\(delay) after the end of the run before"
    case .once(let time): "once, at \(time)"
    }
  }
}
