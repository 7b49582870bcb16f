/// What cannot be reached here, and why. A run that reaches one of these all the same says that the reason is wrong.
extension Coverage.Group {
  package func explanation(of name: String) -> String? { Self.explained[self]?[name] }

  private static let explained: [Coverage.Group: [String: String]] = [
    .instance: [
      "waiting → expired by settle": "nothing expires yet: no instance has a latest start",
      "queued → expired by settle": "nothing expires yet: no instance has a latest start",
      "dispatched → stopped by finish": "a worker is told to stop after the intent is durable",
    ],
    .operation: [
      "createJob: conflict": "identities are made once, and no job is born deleted",
      "setJobState: duplicate": "a job that memory knows as deleted is not deleted again",
    ],
    .deferral: [
      "chain while creating": "a chain comes to stand at an instance in the commit that creates it"
    ],
    .phase: [
      "loading → claiming": "only an answer that fits no question makes a server resign that loads"
    ],
    .rejection: [
      "an earlier attempt still runs": "an attempt is followed by another when it, or its incarnation, is over"
    ],
    .counter: [
      "fenced": "one server: its stream ends before its epoch does",
      "stale": "an attempt is followed by another when it, or its incarnation, is over",
    ],
    .notice: [
      "commit.late": "only the answer of the commit in flight makes a server resign",
      "placement.unasked": "a lane answers each question once",
      "stream.refused.unauthorized": "tokens are the driver's business",
    ],
  ]
}
