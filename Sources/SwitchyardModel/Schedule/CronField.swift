/// The fields of a cron expression, in the order in which they are written.
enum CronField: String, CaseIterable, Sendable {
  case second
  case minute
  case hour
  case dayOfMonth = "day-of-month"
  case month
  case dayOfWeek = "day-of-week"

  /// The values as written; day-of-week knows Sunday as 0 and as 7.
  var range: ClosedRange<Int> {
    switch self {
    case .second, .minute: 0...59
    case .hour: 0...23
    case .dayOfMonth: 1...31
    case .month: 1...12
    case .dayOfWeek: 0...7
    }
  }

  /// How many different values there are, after which a range that wraps around begins again.
  var count: Int {
    switch self {
    case .second, .minute: 60
    case .hour: 24
    case .dayOfMonth: 31
    case .month: 12
    case .dayOfWeek: 7
    }
  }

  /// Names of values, the first of which stands for `names.first`.
  var names: [String] {
    switch self {
    case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
    default: []
    }
  }

  var firstNamed: Int { self == .month ? 1 : 0 }

  /// What stands between two commas, for errors.
  var accepted: String {
    let values = "\(range.lowerBound)-\(range.upperBound)"
    let common = "\(values)\(names.isEmpty ? "" : ", \(names[0])-\(names[names.count - 1])"), ranges, steps, lists, *"
    switch self {
    case .dayOfMonth: return common + ", ?, L, L-3, LW, 15W"
    case .dayOfWeek: return common + ", ?, 5L (the last Friday), 5#3 (the third Friday)"
    default: return common
    }
  }
}

/// Which days of a month a day-of-month field names beyond plain numbers.
struct CronMonthDays: Hashable, Sendable {
  /// Bit d: day d. Bit 0 is not used.
  var days: UInt32 = 0
  /// Bit n: n days before the last day; bit 0 is `L`.
  var fromEnd: UInt32 = 0
  /// Bit d: the weekday (Monday to Friday) nearest to day d, within the month.
  var nearestWeekday: UInt32 = 0
  /// `LW`: the last weekday of the month.
  var lastWeekday = false
}

/// Which days of the week a field names.
struct CronWeekDays: Hashable, Sendable {
  /// Bit w: every such day, 0 = Sunday.
  var days: UInt8 = 0
  /// Bit w: the last such day of the month.
  var last: UInt8 = 0
  /// Element k-1: bit w: the k-th such day of the month.
  var nth: [UInt8] = [0, 0, 0, 0, 0]
}
