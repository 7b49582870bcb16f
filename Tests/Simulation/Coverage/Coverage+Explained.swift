/// What cannot be reached here, and why. A run that reaches one of these all the same says that the reason is wrong.
extension Coverage.Group {
  package func explanation(of name: String) -> String? { Self.explained[self]?[name] }

  /// What a reason is given for.
  package var reasons: [String] { [Self.explained, Self.rare].flatMap { $0[self].map { Array($0.keys) } ?? [] } }

  /// What may happen and takes more seeds than a run for coverage has, and why; it is told, and not asked for.
  package func rarity(of name: String) -> String? { Self.rare[self]?[name] }

  private static let rare: [Coverage.Group: [String: String]] = [
    .session: [
      "draining → replacing": "a worker that leaves starts anew before the end of its stream was heard",
      "draining → judging lost": "it falls silent and its lease runs out within one pause of the server",
      "replacing → judging lost": "it begins anew and its lease runs out within one pause of the server",
      "joining → judging lost": "it joins and its lease runs out within one pause of the server",
    ],
    .deferral: [
      "lost while settling": "a row that is read again waits, and is ended, before what came meanwhile was looked at",
      "result while settling": "a row that is read again waits, and is ended, before what came meanwhile was looked at",
    ],
  ]

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
