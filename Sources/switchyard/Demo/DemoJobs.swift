import SwitchyardModel

/// The jobs of the demonstration, as a user would write them.
enum DemoJobs {
  /// How often those fire whose due times can be told beforehand.
  static let beats: [(job: String, period: Span)] = [
    ("checksum", .seconds(2)), ("health", .seconds(1)), ("flaky", .seconds(2)), ("pulse-a", .milliseconds(10)),
    ("pulse-b", .milliseconds(10)), ("pulse-c", .milliseconds(10)),
  ]

  /// - Parameters:
  ///   - directory: where they leave files.
  ///   - url: what the HTTP check asks.
  static func yaml(directory: String, url: String) -> String {
    """
    # Checksums of what this machine has under /usr/share, a slice every two seconds, by the clock.
    name: checksum
    schedule: {cron: "*/2 * * * * *"}
    processor:
      shell:
        command: |
          find /usr/share/doc -type f -name copyright | sort | awk "NR % 40 == $(date +%s) % 40" | xargs sha256sum | sha256sum
          echo "$SWITCHYARD_INSTANCE $SWITCHYARD_ATTEMPT" >> \(directory)/ledger
    timeout: 20s
    retry: {limit: 3, backoff: 500ms}
    ---
    # Is the server well?
    name: health
    schedule: {every: 1s}
    processor:
      http: {url: "\(url)/healthz", expect: [200]}
    timeout: 5s
    retry: {limit: 5, backoff: 500ms}
    ---
    # A report, written anew three seconds after the last one was done.
    name: report
    schedule: {delay: 3s}
    processor:
      shell:
        command: |
          { date -u; df -h / | tail -1; cat /proc/loadavg; } > \(directory)/report.$SWITCHYARD_INSTANCE
          mv \(directory)/report.$SWITCHYARD_INSTANCE \(directory)/report.txt
          echo "$SWITCHYARD_INSTANCE $SWITCHYARD_ATTEMPT" >> \(directory)/ledger
    timeout: 10s
    retry: {limit: 3, backoff: 500ms}
    ---
    # Fails at its first attempt, succeeds at its second: retries are seen to work.
    name: flaky
    schedule: {every: 2s}
    processor:
      shell:
        command: |
          [ "$SWITCHYARD_ATTEMPT" -gt 1 ] || { echo "not yet"; exit 3; }
          echo "$SWITCHYARD_INSTANCE $SWITCHYARD_ATTEMPT" >> \(directory)/ledger
    retry: {limit: 3, backoff: 200ms}
    ---
    # Started through the API, once a second, while the rest runs.
    name: order
    processor:
      shell:
        command: |
          echo "order $SWITCHYARD_PARAMETERS"
          echo "$SWITCHYARD_INSTANCE $SWITCHYARD_ATTEMPT" >> \(directory)/ledger
    retry: {limit: 3, backoff: 200ms}
    ---
    # Load: a hundred firings a second each.
    name: pulse-a
    schedule: {every: 10ms}
    processor: {noop: {duration: 20ms}}
    retry: {limit: 3, backoff: 100ms}
    ---
    name: pulse-b
    schedule: {every: 10ms}
    processor: {noop: {duration: 20ms}}
    retry: {limit: 3, backoff: 100ms}
    ---
    name: pulse-c
    schedule: {every: 10ms}
    processor: {noop: {duration: 20ms}}
    retry: {limit: 3, backoff: 100ms}
    """
  }
}
