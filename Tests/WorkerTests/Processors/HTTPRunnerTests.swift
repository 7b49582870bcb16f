import SwitchyardCore
import SwitchyardModel
import Testing

@testable import SwitchyardWorker

@Suite(.timeLimit(.minutes(1)))
struct HTTPRunnerTests {
  private func response(_ status: String, _ body: String = "", _ headers: [String] = []) -> String {
    (["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)", "Connection: close"] + headers)
      .joined(separator: "\r\n") + "\r\n\r\n" + body
  }

  private func run(
    _ call: HTTPCall, timeout: Span? = nil, parameters: String? = nil, stop: KillReason? = nil,
    after server: RawServer? = nil,
    policy: AddressPolicy? = nil
  ) async throws -> AttemptResult {
    let attempts = Attempts()
    let reports = attempts.reports
    let runner = HTTPRunner(policy: try policy ?? AddressPolicy(), report: { reports.append($0) })
    let job = assignment(.http(call), timeout: timeout, parameters: parameters)
    runner.start(job)
    if let stop {
      if let server { _ = await server.requests.first { _ in true } }
      runner.stop(job.attempt, stop)
    }
    let result = await attempts.result(job.attempt)
    await runner.shutdown()
    return result
  }

  @Test func theBodyIsTheResult() async throws {
    let server = try RawServer(.answer(response("200 OK", "hello")))
    let result = try await run(HTTPCall(url: "http://127.0.0.1:\(server.port)/x?y=1"))
    #expect(result.outcome == .succeeded)
    #expect(result.result == "hello")
    #expect(result.detail == nil)
    let request = try #require(server.requests.all.first)
    #expect(request.hasPrefix("GET /x?y=1 HTTP/1.1\r\n"))
    #expect(request.lowercased().contains("switchyard-instance: 0000000000007\r\n"))
    #expect(request.lowercased().contains("switchyard-attempt: 1\r\n"))
    server.close()
  }

  @Test func anUnexpectedStatusIsAFailure() async throws {
    let server = try RawServer(.answer(response("503 Service Unavailable", "later")))
    let result = try await run(HTTPCall(url: "http://127.0.0.1:\(server.port)/"))
    #expect(result.outcome == .failed)
    #expect(result.detail == "HTTP status 503 Service Unavailable")
    #expect(result.result == "later")
    let expected = try await run(HTTPCall(url: "http://127.0.0.1:\(server.port)/", expect: [200...200, 500...599]))
    #expect(expected.outcome == .succeeded)
    server.close()
  }

  @Test func parametersAreTheBodyOfAPost() async throws {
    let server = try RawServer(.answer(response("200 OK")))
    _ = try await run(
      HTTPCall(url: "http://127.0.0.1:\(server.port)/", method: "POST", headers: [Label(key: "X-A", text: "b")]),
      parameters: #"{"n":1}"#)
    let request = try #require(server.requests.all.first)
    #expect(request.hasPrefix("POST / "))
    #expect(request.hasSuffix("\r\n\r\n{\"n\":1}"))
    #expect(request.contains("X-A: b\r\n"))
    #expect(request.contains("Content-Type: application/json\r\n"))
    server.close()
  }

  @Test func aLongBodyIsCut() async throws {
    let server = try RawServer(.answer(response("200 OK", String(repeating: "x", count: 3_000_000))))
    let result = try await run(HTTPCall(url: "http://127.0.0.1:\(server.port)/"))
    #expect(result.outcome == .succeeded)
    #expect(result.result?.utf8.count == 65536)
    server.close()
  }

  @Test func redirectsAreFollowedButNotForEver() async throws {
    let headers = ["Location: /end"]
    let answer = response("302 Found", "", headers)
    let end = response("200 OK", "there")
    let server = try RawServer(.choose { path in path == "/end" ? end : answer })
    #expect(try await run(HTTPCall(url: "http://127.0.0.1:\(server.port)/a")).result == "there")
    server.close()

    let circle = try RawServer(.answer(response("302 Found", "", ["Location: /a"])))
    let result = try await run(HTTPCall(url: "http://127.0.0.1:\(circle.port)/a"))
    #expect(result.outcome == .failed)
    #expect(result.detail?.hasPrefix("HTTP request failed: ") == true)
    circle.close()
  }

  @Test func timesOut() async throws {
    let server = try RawServer(.silence)
    let result = try await run(HTTPCall(url: "http://127.0.0.1:\(server.port)/"), timeout: .milliseconds(100))
    #expect(result.outcome == .timedOut)
    #expect(result.detail == "timed out after 100ms")
    server.close()
  }

  @Test(arguments: [(KillReason.stopped, AttemptOutcome.stopped), (.isolated, .isolated)])
  func stopClosesTheConnection(reason: KillReason, outcome: AttemptOutcome) async throws {
    let server = try RawServer(.silence)
    let result = try await run(
      HTTPCall(url: "http://127.0.0.1:\(server.port)/"), timeout: .seconds(100), stop: reason, after: server)
    #expect(result.outcome == outcome)
    server.close()
  }

  @Test(arguments: ["http://127.0.0.1:1/", "nonsense", "ftp://127.0.0.1/", "http://"])
  func whatCannotBeReachedFails(url: String) async throws {
    let result = try await run(HTTPCall(url: url), timeout: .seconds(20))
    #expect(result.outcome == .failed)
    #expect(result.detail?.isEmpty == false)
  }

  // MARK: Where it may connect to

  @Test func anAddressThatIsDeniedGetsNoRequest() async throws {
    let server = try RawServer(.answer(response("200 OK", "secret")))
    for (host, policy) in [
      ("127.0.0.1", try AddressPolicy(deny: ["127.0.0.0/8"])), ("127.0.0.1", try AddressPolicy(loopback: false)),
      // A name counts for nothing: what it resolves to does.
      ("localhost", try AddressPolicy(loopback: false)),
    ] {
      let result = try await run(HTTPCall(url: "http://\(host):\(server.port)/"), policy: policy)
      #expect(result.outcome == .failed && result.result == nil)
    }
    #expect(server.requests.all.filter { !$0.isEmpty } == [])
    let allowed = try AddressPolicy(allow: ["127.0.0.1"], loopback: false)
    #expect(try await run(HTTPCall(url: "http://127.0.0.1:\(server.port)/"), policy: allowed).result == "secret")
    server.close()
  }

  @Test func theRefusalSaysWhatToSet() async throws {
    let server = try RawServer(.answer(response("200 OK")))
    let url = HTTPCall(url: "http://127.0.0.1:\(server.port)/")
    let result = try await run(url, policy: try AddressPolicy(loopback: false))
    #expect(result.detail?.contains("127.0.0.1 is not called") == true && result.detail?.contains("http-allow") == true)
    server.close()
  }

  @Test func aRedirectIsAnotherConnection() async throws {
    let inner = try RawServer(.answer(response("200 OK", "secret")))
    let outer = try RawServer(
      .answer(response("302 Found", "", ["Location: http://127.0.0.1:\(inner.port)/"])), host: 0x7F00_0002)
    let policy = try AddressPolicy(deny: ["127.0.0.1"])
    let result = try await run(HTTPCall(url: "http://127.0.0.2:\(outer.port)/"), policy: policy)
    #expect(result.outcome == .failed && result.detail?.contains("http-deny") == true)
    #expect(inner.requests.all.filter { !$0.isEmpty } == [])
    inner.close()
    outer.close()
  }

  @Test(arguments: ["file:///etc/passwd", "http+unix://%2Ftmp%2Fsocket/", "gopher://127.0.0.1/"])
  func aRedirectLeadsToHTTPAlone(location: String) async throws {
    let server = try RawServer(.answer(response("302 Found", "", ["Location: \(location)"])))
    let result = try await run(HTTPCall(url: "http://127.0.0.1:\(server.port)/"))
    #expect(result.outcome == .failed)
    server.close()
  }
}
