extension StoreCheck {
  /// What must hold among rows, and no constraint of the database says. The statement lists what breaks it, one
  /// `example` a row.
  struct Rule {
    let problem: String
    let sql: String

    static let all: [Rule] = [
      Rule(
        problem: "jobs without their current definition",
        sql: """
          SELECT id AS example FROM jobs j
          WHERE NOT EXISTS (SELECT 1 FROM job_versions WHERE job = j.id AND version = j.version)
          """),
      Rule(
        problem: "definitions of a job that is not there, or that it never had",
        sql: """
          SELECT job AS example FROM job_versions v
          WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = v.job AND version >= v.version)
          """),
      Rule(problem: "jobs in no known state", sql: "SELECT id AS example FROM jobs WHERE state NOT IN (0, 1, 2)"),
      Rule(
        problem: "deleted jobs that are due",
        sql: "SELECT id AS example FROM jobs WHERE state = 2 AND next_fire IS NOT NULL"),
      Rule(
        problem: "jobs due before they were made",
        sql: "SELECT id AS example FROM jobs WHERE next_fire < created_at - 86400000000000 AND chain IS NULL"),
      Rule(
        problem: "fixed delays that nobody continues: their last run is over",
        sql: """
          SELECT id AS example FROM jobs j WHERE state = 0 AND next_fire IS NULL AND chain IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM instances WHERE id = j.chain AND state < 10)
            AND NOT EXISTS (
              SELECT 1 FROM job_versions v
              WHERE v.job = j.id AND v.version = j.version
                AND CASE WHEN json_valid(v.spec) THEN json_extract(v.spec, '$.endsAt') END IS NOT NULL)
          """),
      Rule(
        problem: "instances of a job that is not there, or of another app",
        sql: """
          SELECT id AS example FROM instances i
          WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = i.job AND app = i.app)
          """),
      Rule(
        problem: "instances without their definition",
        sql: """
          SELECT id AS example FROM instances i
          WHERE NOT EXISTS (SELECT 1 FROM job_versions WHERE job = i.job AND version = i.job_version)
          """),
      Rule(
        problem: "instances in no known state",
        sql: """
          SELECT id AS example FROM instances
          WHERE state NOT IN (0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 16, 17)
          """),
      Rule(
        problem: "placed instances without a worker",
        sql: """
          SELECT id AS example FROM instances
          WHERE state IN (1, 2) AND (worker IS NULL OR incarnation IS NULL OR dispatched_at IS NULL OR attempt = 0)
          """),
      Rule(
        problem: "instances that are over and have no end",
        sql: "SELECT id AS example FROM instances WHERE state >= 10 AND ended_at IS NULL"),
      Rule(
        problem: "attempts of an instance that is not there, or that it never had",
        sql: """
          SELECT instance AS example FROM past_attempts a
          WHERE NOT EXISTS (SELECT 1 FROM instances WHERE id = a.instance AND attempt >= a.number)
          """),
      Rule(
        problem: "shards without an epoch", sql: "SELECT number AS example FROM shards WHERE epoch < 1"),
    ]
  }
}
