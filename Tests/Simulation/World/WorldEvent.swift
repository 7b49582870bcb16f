import SwitchyardCore
import SwitchyardModel

/// Something that happens at one point of virtual time. Runs and generations say of what start, timer or
/// queue the event is: those of an earlier one are void. Numbers alone, so that the queue moves them cheaply.
enum WorldEvent {
  // Network
  case streamOpens(Int)
  case streamFails(Int)
  case deliverToServer(stream: Int, generation: Int)
  case deliverToAgent(stream: Int, generation: Int)
  case serverHearsEnd(stream: Int)
  case agentHearsEnd(stream: Int)
  // Machines
  case serverTimer(run: Int, place: Int, generation: Int)
  case agentTimer(worker: Int, run: Int, AgentTimer, generation: Int)
  case agentRenewed(worker: Int, run: Int)
  // Store
  case claimLands(Int)
  case claimAnswers(Int)
  case commitLands(Int)
  case commitAnswers(Int)
  case readAnswers(Int)
  // Lanes
  case laneDecides(Int)
  case laneAnswers(Int)
  case viewChanges(run: Int)
  // Processes
  case processBegins(Int)
  case processEnds(Int)
  case processFails(Int)
  case processDies(Int)
  case deadline(worker: Int, run: Int)
  // Faults and users
  case strike(Int)
  case forge(worker: Int)
  case log(worker: Int, ConnectionNumber, AttemptRef)
  case client
  case resumeWorker(Int, run: Int)
  case resumeServer(run: Int)
  case restartWorker(Int)
  case removeWorker(Int)
  case crashWorker(Int, run: Int)
  case crashServer(run: Int)
  case stopServer(run: Int)
  case mendServerClock
  case restartServer
  case calm
  case inspect
}

extension WorldEvent {
  /// A number for the trace hash.
  var code: UInt64 {
    switch self {
    case .streamOpens(let n): 1 << 32 | UInt64(n)
    case .streamFails(let n): 2 << 32 | UInt64(n)
    case .deliverToServer(let n, _): 3 << 32 | UInt64(n)
    case .deliverToAgent(let n, _): 4 << 32 | UInt64(n)
    case .serverHearsEnd(let n): 5 << 32 | UInt64(n)
    case .agentHearsEnd(let n): 6 << 32 | UInt64(n)
    case .serverTimer(_, _, let n): 7 << 32 | UInt64(n)
    case .agentTimer(let n, _, _, _): 8 << 32 | UInt64(n)
    case .agentRenewed(let n, _): 10 << 32 | UInt64(n)
    case .claimLands(let n): 11 << 32 | UInt64(n)
    case .claimAnswers(let n): 12 << 32 | UInt64(n)
    case .commitLands(let n): 13 << 32 | UInt64(n)
    case .commitAnswers(let n): 14 << 32 | UInt64(n)
    case .readAnswers(let n): 16 << 32 | UInt64(n)
    case .laneDecides(let n): 17 << 32 | UInt64(n)
    case .laneAnswers(let n): 18 << 32 | UInt64(n)
    case .viewChanges(let n): 19 << 32 | UInt64(n)
    case .processBegins(let n): 20 << 32 | UInt64(n)
    case .processEnds(let n): 21 << 32 | UInt64(n)
    case .processFails(let n): 32 << 32 | UInt64(n)
    case .processDies(let n): 22 << 32 | UInt64(n)
    case .deadline(let n, _): 23 << 32 | UInt64(n)
    case .strike(let n): 24 << 32 | UInt64(n)
    case .forge(let n): 33 << 32 | UInt64(n)
    case .log(let n, _, _): 38 << 32 | UInt64(n)
    case .removeWorker(let n): 34 << 32 | UInt64(n)
    case .crashWorker(let n, _): 35 << 32 | UInt64(n)
    case .crashServer(let n): 36 << 32 | UInt64(n)
    case .mendServerClock: 37 << 32
    case .stopServer(let n): 39 << 32 | UInt64(n)
    case .client: 25 << 32
    case .resumeWorker(let n, _): 26 << 32 | UInt64(n)
    case .resumeServer(let n): 27 << 32 | UInt64(n)
    case .restartWorker(let n): 28 << 32 | UInt64(n)
    case .restartServer: 29 << 32
    case .calm: 30 << 32
    case .inspect: 31 << 32
    }
  }
}
