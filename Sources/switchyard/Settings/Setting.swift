/// Every setting there is, as the file and the flags spell it: the one list that readers, `config show` and the check
/// for misspelt names share.
enum Setting: String, CaseIterable, Sendable {
  // Whoever asks a server.
  case serverURL = "server-url"
  case token
  case tokenFile = "token-file"
  case data
  case tlsCA = "tls-ca"

  // A server.
  case serverID = "server-id"
  case http
  case grpc
  case plugins
  case tlsCertificate = "tls-certificate"
  case tlsKey = "tls-key"
  case tlsSelfSigned = "tls-self-signed"
  case tlsClientCA = "tls-client-ca"
  case lanes
  case lease
  case logLevel = "log-level"
  case admissionRate = "admission-rate"
  case admissionBurst = "admission-burst"
  case admissionTokenRate = "admission-token-rate"
  case admissionQueue = "admission-queue"
  case metricsOpen = "metrics-open"
  case retention
  case retentionPerJob = "retention-per-job"
  case logSpace = "log-space"

  // A worker.
  case name
  case workerData = "worker-data"
  case server
  case workerToken = "worker-token"
  case workerTokenFile = "worker-token-file"
  case apps
  case slots
  case tag
  case label
  case site
  case rack
  case weight
  case processor
  case httpAllow = "http-allow"
  case httpDeny = "http-deny"
  case metrics
  case drainTimeout = "drain-timeout"

  /// `server-url` is `SWITCHYARD_SERVER_URL` in the environment.
  var variable: String { Self.prefix + rawValue.uppercased().replacing("-", with: "_") }

  static let prefix = "SWITCHYARD_"

  /// Not shown to anybody.
  var isSecret: Bool { self == .token || self == .workerToken }

  /// What holds when nobody sets it, for people.
  var standard: String {
    switch self {
    case .serverURL: "http://127.0.0.1:7410; https:// where DATA/tls/ca.pem is"
    case .token: "what token-file holds"
    case .tokenFile: "DATA/token"
    case .data: "$XDG_DATA_HOME/switchyard, else ~/.local/share/switchyard"
    case .tlsCA: "whom the system trusts, and DATA/tls/ca.pem where it is"
    case .serverID: "server-1"
    case .http: "127.0.0.1:7410"
    case .grpc: "127.0.0.1:7411"
    case .plugins: "those that ship, and DATA/plugins"
    case .tlsCertificate, .tlsKey, .tlsClientCA: "none"
    case .tlsSelfSigned: "false"
    case .lanes: "1"
    case .lease: "12s"
    case .logLevel: "info"
    case .admissionRate, .admissionTokenRate: "100000 a second"
    case .admissionBurst: "twice admission-rate"
    case .admissionQueue: "40000"
    case .metricsOpen: "false"
    case .retention: "30d"
    case .retentionPerJob: "10000"
    case .logSpace: "10GB"
    case .name: "the host's name"
    case .workerData: "DATA/worker-NAME"
    case .server: "127.0.0.1:7411"
    case .workerToken: "what worker-token-file holds"
    case .workerTokenFile: "DATA/worker-token"
    case .apps: "all"
    case .slots: "two for each processor"
    case .tag, .label: "none"
    case .site, .rack: "what metrics plugins say"
    case .weight: "1"
    case .processor: "all"
    case .httpAllow: "none"
    case .httpDeny: "link-local addresses and metadata services"
    case .metrics: "switchyard.host-metrics, switchyard.site"
    case .drainTimeout: "30s"
    }
  }
}
