-- +goose Up

-- The mailbox: one row for each webhook delivery, in order of arrival.
-- state: 0 pending, 1 done, 2 set aside (poison), 3 acknowledged only.
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY,
  guid TEXT NOT NULL UNIQUE,
  event TEXT NOT NULL,
  action TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  repo_id INTEGER NOT NULL,
  installation_id INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  fields BLOB,
  state INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (kind, key, id) WHERE state = 0;
CREATE INDEX deliveries_aside ON deliveries (id) WHERE state = 2;
CREATE INDEX deliveries_received ON deliveries (received_at);
CREATE INDEX deliveries_repo ON deliveries (repo_id) WHERE fields IS NOT NULL;

-- One row for each thing that is worked on by one worker at a time.
-- ready_at: NULL idle; the time it is due; or, while owner is set, the end of the lease.
CREATE TABLE work (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  gen INTEGER NOT NULL DEFAULT 0,
  done_gen INTEGER NOT NULL DEFAULT 0,
  ready_at INTEGER,
  priority INTEGER NOT NULL DEFAULT 0,
  next_priority INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  snoozed INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  owner TEXT NOT NULL DEFAULT '',
  parked INTEGER NOT NULL DEFAULT 0,
  last_error TEXT NOT NULL DEFAULT '',
  changed_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, key)
) STRICT;
CREATE INDEX work_ready ON work (priority, ready_at) WHERE ready_at IS NOT NULL AND parked = 0;
CREATE INDEX work_due ON work (ready_at) WHERE ready_at IS NOT NULL AND parked = 0;
CREATE INDEX work_parked ON work (kind, key) WHERE parked = 1;
CREATE INDEX work_owned ON work (owner) WHERE owner <> '';

CREATE TABLE installations (
  id INTEGER PRIMARY KEY,
  account_login TEXT NOT NULL,
  account_id INTEGER NOT NULL,
  account_type TEXT NOT NULL,
  suspended INTEGER NOT NULL DEFAULT 0,
  repository_selection TEXT NOT NULL DEFAULT '',
  permissions BLOB,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX installations_account ON installations (lower(account_login));

CREATE TABLE repositories (
  id INTEGER PRIMARY KEY,
  installation_id INTEGER NOT NULL,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  private INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  fork INTEGER NOT NULL DEFAULT 0,
  default_branch TEXT NOT NULL DEFAULT '',
  homepage TEXT NOT NULL DEFAULT '',
  head_sha TEXT NOT NULL DEFAULT '',
  tree_sha TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT '',
  state_detail TEXT NOT NULL DEFAULT '',
  learner TEXT NOT NULL DEFAULT '',
  config BLOB,
  config_sha TEXT NOT NULL DEFAULT '',
  config_error TEXT NOT NULL DEFAULT '',
  public INTEGER NOT NULL DEFAULT 0,
  paused_until INTEGER,
  paused_by TEXT NOT NULL DEFAULT '',
  settings BLOB,
  roadmap_id TEXT NOT NULL DEFAULT '',
  report_id INTEGER,
  report_at INTEGER,
  met INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  bonus_met INTEGER NOT NULL DEFAULT 0,
  bonus_total INTEGER NOT NULL DEFAULT 0,
  percent INTEGER NOT NULL DEFAULT 0,
  pushed_at INTEGER,
  checked_at INTEGER,
  removed_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX repositories_installation ON repositories (installation_id);
CREATE INDEX repositories_name ON repositories (lower(owner), lower(name));
CREATE INDEX repositories_learner ON repositories (lower(learner));
CREATE INDEX repositories_checked ON repositories (checked_at);

-- What was found in a file, by its blob id: shared by commits, branches and forks.
CREATE TABLE facts (
  fingerprint TEXT NOT NULL,
  blob TEXT NOT NULL,
  data BLOB NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (fingerprint, blob)
) STRICT;
CREATE INDEX facts_used ON facts (used_at);

CREATE TABLE snapshots (
  repo_id INTEGER NOT NULL,
  commit_sha TEXT NOT NULL,
  tree_sha TEXT NOT NULL,
  entries BLOB,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (repo_id, commit_sha)
) STRICT;
CREATE INDEX snapshots_created ON snapshots (created_at);

CREATE TABLE reports (
  id INTEGER PRIMARY KEY,
  repo_id INTEGER NOT NULL,
  commit_sha TEXT NOT NULL,
  ref TEXT NOT NULL DEFAULT '',
  roadmap_id TEXT NOT NULL,
  roadmap_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  met INTEGER NOT NULL,
  total INTEGER NOT NULL,
  bonus_met INTEGER NOT NULL,
  bonus_total INTEGER NOT NULL,
  percent INTEGER NOT NULL,
  data BLOB
) STRICT;
CREATE INDEX reports_repo ON reports (repo_id, created_at, id);
CREATE INDEX reports_created ON reports (created_at);

CREATE TABLE earned (
  repo_id INTEGER NOT NULL,
  milestone TEXT NOT NULL,
  commit_sha TEXT NOT NULL,
  at INTEGER NOT NULL,
  evidence BLOB,
  pull_number INTEGER NOT NULL DEFAULT 0,
  lost_at INTEGER,
  lost_commit TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (repo_id, milestone)
) STRICT;
CREATE INDEX earned_at ON earned (at);
CREATE INDEX earned_lost ON earned (lost_at) WHERE lost_at IS NOT NULL;

-- The status of each milestone now, so that the cohort's matrix parses no JSON.
CREATE TABLE statuses (
  repo_id INTEGER NOT NULL,
  milestone TEXT NOT NULL,
  step TEXT NOT NULL,
  status TEXT NOT NULL,
  since INTEGER NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (repo_id, milestone)
) STRICT;
CREATE INDEX statuses_milestone ON statuses (milestone, status);

CREATE TABLE activity (
  repo_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  data BLOB NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (repo_id, kind)
) STRICT;

-- What we last wrote on GitHub, where, and the hash of its content.
CREATE TABLE publications (
  repo_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  remote_id INTEGER NOT NULL DEFAULT 0,
  number INTEGER NOT NULL DEFAULT 0,
  url TEXT NOT NULL DEFAULT '',
  hash TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT '',
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (repo_id, kind, key)
) STRICT;
CREATE INDEX publications_remote ON publications (kind, remote_id);

CREATE TABLE pulls (
  repo_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  head_sha TEXT NOT NULL,
  head_ref TEXT NOT NULL DEFAULT '',
  head_repo_id INTEGER NOT NULL DEFAULT 0,
  base_sha TEXT NOT NULL DEFAULT '',
  base_ref TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  draft INTEGER NOT NULL DEFAULT 0,
  merged INTEGER NOT NULL DEFAULT 0,
  merge_sha TEXT NOT NULL DEFAULT '',
  author TEXT NOT NULL DEFAULT '',
  author_type TEXT NOT NULL DEFAULT '',
  title TEXT NOT NULL DEFAULT '',
  from_fork INTEGER NOT NULL DEFAULT 0,
  report BLOB,
  delta BLOB,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (repo_id, number)
) STRICT;
CREATE INDEX pulls_head ON pulls (repo_id, head_sha);
CREATE INDEX pulls_state ON pulls (repo_id, state, number);

CREATE TABLE signoffs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  repo_id INTEGER NOT NULL,
  milestone TEXT NOT NULL,
  mentor TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  at INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX signoffs_repo ON signoffs (repo_id, milestone);

CREATE TABLE claims (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  repo_id INTEGER NOT NULL,
  milestone TEXT NOT NULL,
  by_login TEXT NOT NULL,
  target TEXT NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  decided_by TEXT NOT NULL DEFAULT '',
  decided_at INTEGER
) STRICT;
CREATE INDEX claims_repo ON claims (repo_id, milestone);
CREATE INDEX claims_state ON claims (state, at);

CREATE TABLE skips (
  repo_id INTEGER NOT NULL,
  milestone TEXT NOT NULL,
  reason TEXT NOT NULL,
  by_login TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (repo_id, milestone)
) STRICT;

CREATE TABLE notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  installation_id INTEGER NOT NULL,
  learner TEXT NOT NULL,
  mentor TEXT NOT NULL,
  text TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_learner ON notes (lower(learner), at);
CREATE INDEX notes_installation ON notes (installation_id);

CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  login TEXT NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  avatar TEXT NOT NULL DEFAULT '',
  settings BLOB,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX users_login ON users (lower(login));

CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL,
  data BLOB NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_user ON sessions (user_id);

-- Which repositories of an installation a person may see, as GitHub last said.
CREATE TABLE access (
  user_id INTEGER NOT NULL,
  installation_id INTEGER NOT NULL,
  repos BLOB NOT NULL,
  fetched_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, installation_id)
) STRICT;
CREATE INDEX access_installation ON access (installation_id);

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- What the bot did for a repository, and why.
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  repo_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  message TEXT NOT NULL,
  detail BLOB
) STRICT;
CREATE INDEX events_repo ON events (repo_id, at, id);
CREATE INDEX events_at ON events (at);

CREATE TABLE rate_limits (
  scope TEXT NOT NULL,
  resource TEXT NOT NULL,
  "limit" INTEGER NOT NULL,
  remaining INTEGER NOT NULL,
  reset_at INTEGER,
  blocked_until INTEGER,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (scope, resource)
) STRICT;

-- Comment commands that were answered, so that each is answered once.
CREATE TABLE commands (
  comment_id INTEGER PRIMARY KEY,
  repo_id INTEGER NOT NULL,
  command TEXT NOT NULL,
  at INTEGER NOT NULL,
  done_at INTEGER
) STRICT;
CREATE INDEX commands_repo ON commands (repo_id);
CREATE INDEX commands_at ON commands (at);

CREATE TABLE etags (
  url_key TEXT PRIMARY KEY,
  repo_id INTEGER NOT NULL,
  etag TEXT NOT NULL,
  body BLOB,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX etags_repo ON etags (repo_id);
CREATE INDEX etags_updated ON etags (updated_at);

-- +goose Down
DROP TABLE etags;
DROP TABLE commands;
DROP TABLE rate_limits;
DROP TABLE events;
DROP TABLE settings;
DROP TABLE access;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE notes;
DROP TABLE skips;
DROP TABLE claims;
DROP TABLE signoffs;
DROP TABLE pulls;
DROP TABLE publications;
DROP TABLE activity;
DROP TABLE statuses;
DROP TABLE earned;
DROP TABLE reports;
DROP TABLE snapshots;
DROP TABLE facts;
DROP TABLE repositories;
DROP TABLE installations;
DROP TABLE work;
DROP TABLE deliveries;
