import SwitchyardModel
import Testing

/// Without any policy: what ships heeds labels of jobs.
extension RealProcesses {
  @Suite struct JobLabels {
    @Test func `a job names its workers, exactly, and waits while none of them is there`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        for name in ["a1", "a10", "b"] { try await cluster.startWorker(name) }
        try await cluster.api.apply(noopJob("one", "0s", ["labels": ["designated.worker": "a1"]]))
        try await cluster.api.apply(noopJob("not", "0s", ["labels": ["designated.worker": "!a*"]]))
        try await cluster.api.apply(noopJob("late", "0s", ["labels": ["designated.worker": "c?,d"]]))
        for (job, worker) in [("one", "a1"), ("not", "b")] {
          for _ in 0..<5 {
            #expect(try await cluster.api.end(of: cluster.api.run(job)).text("worker") == worker)
          }
        }
        let late = try await cluster.api.run("late")
        try await eventually("it says why it waits") {
          try await cluster.api.instance(late).text.contains("is not one of c?,d, says the job")
        }
        try await cluster.startWorker("c7")
        #expect(try await cluster.api.end(of: late).text("worker") == "c7")
      }
    }

    /// What a job may ask for, a worker may be.
    @Test func `tags, labels and sites may be called as other systems call them`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("plain")
        let options = ["--tag", "gpu:A100", "--tag", "acme.com/disk=ssd", "--label", "acme.com/zone=a b/c"]
        try await cluster.startWorker("odd", options + ["--site", "eu/west-1"])
        try await cluster.api.apply(
          noopJob("picky", "0s", ["tags": ["gpu:A100", "acme.com/disk=ssd"], "site": "eu/west-1"]))
        #expect(try await cluster.api.end(of: cluster.api.run("picky")).text("worker") == "odd")
        #expect(try await cluster.api.get("/workers?site=eu/west-1&tag=gpu:A100")["workers"]?.arrayValue?.count == 1)
      }
    }

    @Test func `a job asks for what a worker must have left`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("small", ["--label", "gpu.free=1"])
        try await cluster.startWorker("large", ["--label", "gpu.free=8"])
        try await cluster.api.apply(noopJob("train", "0s", ["labels": ["gpu.free": ">= 4"]]))
        try await cluster.api.apply(noopJob("fits", "0s", ["labels": ["mem.total": "> 1 MiB", "cores": ">= 1"]]))
        try await cluster.api.apply(noopJob("huge", "0s", ["labels": ["mem.free": ">= 1000 PiB"]]))
        for _ in 0..<5 { #expect(try await cluster.api.end(of: cluster.api.run("train")).text("worker") == "large") }
        #expect(try await cluster.api.end(of: cluster.api.run("fits")).text("state") == "succeeded")
        let huge = try await cluster.api.run("huge")
        try await eventually("it says why it waits") {
          let reason = try await cluster.api.instance(huge).text
          return reason.contains("mem.free is") && reason.contains("the job asks for >= 1000 PiB")
        }
      }
    }
  }
}
