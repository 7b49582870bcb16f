-- Times are nanoseconds since 1970 in UTC; identities, incarnations, sessions are 63 bits and more, kept bit by bit.

-- Who may write: one row for each server that ever registered. Probes are counted so that each writes something.
CREATE TABLE server_fence (
  id TEXT PRIMARY KEY,
  incarnation INTEGER NOT NULL,
  expelled INTEGER NOT NULL DEFAULT 0,
  probes INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE shards (
  number INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL
) STRICT;

-- Narrow, since every firing rewrites the row: definitions are in job_versions.
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY,
  app TEXT NOT NULL,
  name TEXT NOT NULL,
  shard INTEGER NOT NULL,
  version INTEGER NOT NULL,
  state INTEGER NOT NULL, -- 0 enabled, 1 paused, 2 deleted
  next_fire INTEGER,
  anchor INTEGER NOT NULL,
  chain INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX jobs_live_name ON jobs (app, name) WHERE state <> 2;
CREATE INDEX jobs_due ON jobs (shard, next_fire) WHERE state = 0 AND next_fire IS NOT NULL;
-- For retention: tombstones are few.
CREATE INDEX jobs_deleted ON jobs (state) WHERE state = 2;

-- Immutable; the spec is JSON.
CREATE TABLE job_versions (
  job INTEGER NOT NULL,
  version INTEGER NOT NULL,
  spec TEXT NOT NULL,
  PRIMARY KEY (job, version)
) STRICT, WITHOUT ROWID;

-- occurrence: NULL for the instance's own `id:…`, an integer for `@time`, else the text.
CREATE TABLE instances (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  job_version INTEGER NOT NULL,
  app TEXT NOT NULL,
  shard INTEGER NOT NULL,
  occurrence ANY,
  state INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  ready_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  worker TEXT,
  incarnation INTEGER,
  dispatched_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  parameters TEXT,
  result TEXT,
  detail TEXT
) STRICT;
CREATE UNIQUE INDEX instances_occurrence ON instances (job, occurrence) WHERE occurrence IS NOT NULL;
CREATE INDEX instances_waiting ON instances (shard, rank) WHERE state = 0;
CREATE INDEX instances_queued ON instances (shard) WHERE state = 4;
CREATE INDEX instances_placed ON instances (shard) WHERE state IN (1, 2);
-- Held, and every end but success: what people look for, and rare enough to index.
CREATE INDEX instances_unusual ON instances (state) WHERE state IN (3, 11, 12, 13, 14, 15, 16, 17);
-- For lists, newest first. They change at most once in the life of an instance after its insertion.
CREATE INDEX instances_job ON instances (job);
CREATE INDEX instances_app ON instances (app);
CREATE INDEX instances_worker ON instances (worker) WHERE worker IS NOT NULL;

CREATE TABLE past_attempts (
  instance INTEGER NOT NULL,
  number INTEGER NOT NULL,
  worker TEXT NOT NULL,
  incarnation INTEGER NOT NULL,
  dispatched_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  detail TEXT,
  PRIMARY KEY (instance, number)
) STRICT, WITHOUT ROWID;

-- One row for each name: its last incarnation. The profile is JSON.
CREATE TABLE workers (
  name TEXT PRIMARY KEY,
  incarnation INTEGER NOT NULL,
  session INTEGER NOT NULL,
  lineage INTEGER NOT NULL,
  home TEXT NOT NULL,
  verdict INTEGER,
  seen_at INTEGER NOT NULL,
  profile TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policies (
  app TEXT NOT NULL,
  revision INTEGER NOT NULL,
  policy TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (app, revision)
) STRICT, WITHOUT ROWID;

-- Who may do what. Of a secret there is only its SHA-256, in hexadecimal. Apps and bounds are JSON.
CREATE TABLE tokens (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  role INTEGER NOT NULL,
  apps TEXT NOT NULL,
  bounds TEXT,
  hash TEXT NOT NULL,
  previous_hash TEXT,
  previous_until INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  used_at INTEGER
) STRICT;
CREATE UNIQUE INDEX tokens_live_name ON tokens (name) WHERE revoked_at IS NULL;
CREATE INDEX tokens_hash ON tokens (hash);
CREATE INDEX tokens_previous_hash ON tokens (previous_hash) WHERE previous_hash IS NOT NULL;

-- Who changed what; a number is never used twice.
CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  token INTEGER,
  actor TEXT NOT NULL,
  address TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  app TEXT,
  before TEXT,
  after TEXT
) STRICT;
CREATE INDEX audit_app ON audit (app) WHERE app IS NOT NULL;
CREATE INDEX audit_token ON audit (token) WHERE token IS NOT NULL;
