import HTTPTypes
import SwitchyardModel
import SwitchyardObservability

/// For those who watch over the server: whether it lives, whether it can work, and its figures.
struct MonitorRoutes {
  let api: APIContext
  /// Metrics need no token.
  let metricsAreOpen: Bool

  var routes: [Route] {
    Route.group(
      "monitoring",
      [
        Route(
          .get, "/healthz", .anyone, "getHealth", "Whether the server lives",
          answers: .ok(.object([.required("status", .choice(["ok"]))]), "It does.")
        ) { _ in .json(["status": "ok"]) },
        Route(
          .get, "/readyz", .anyone, "getReadiness", "Whether the server can do its work",
          about: "Whether it owns its shards, its store writes, its policies are live, and it is not stopping.",
          answers: .ok(Readiness.resource.schema, "It can."),
          Answer(status: .serviceUnavailable, about: "It cannot, and why.", schema: Readiness.resource.schema)
        ) { _ in
          let readiness = await Readiness(of: api)
          return .json(Readiness.resource.json(readiness), readiness.isReady ? .ok : .serviceUnavailable)
        },
        Route(
          .get, "/metrics", metricsAreOpen ? .anyone : .read, "getMetrics", "Figures for Prometheus",
          about: "The text format 0.0.4. Prometheus sends a token by `authorization: {credentials_file: …}`.",
          answers: .bytes("text/plain", "Metrics.")
        ) { request in
          if !metricsAreOpen { try request.caller.demandAllApps() }
          return APIResponse(
            body: .bytes(contentType: PrometheusText.contentType, Array(try await MetricsPage(api: api).text().utf8)))
        },
      ])
  }
}
