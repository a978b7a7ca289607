CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES ('seq', 0);
-- The last number given in each series.
CREATE TABLE IF NOT EXISTS series (company TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (company, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS document (
  key      INTEGER PRIMARY KEY,
  type     TEXT NOT NULL,
  id       TEXT NOT NULL,
  revision INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  deleted  INTEGER NOT NULL DEFAULT 0,
  state    TEXT NOT NULL DEFAULT '',
  number   TEXT,
  reverses TEXT,
  device   TEXT NOT NULL DEFAULT '',
  branch   TEXT NOT NULL DEFAULT '',
  company  TEXT NOT NULL DEFAULT '', -- with series, of the number
  series   TEXT NOT NULL DEFAULT '',
  UNIQUE (type, id)
);
CREATE UNIQUE INDEX IF NOT EXISTS document_seq ON document (seq);
CREATE UNIQUE INDEX IF NOT EXISTS document_series ON document (company, series, number) WHERE number IS NOT NULL;
CREATE INDEX IF NOT EXISTS document_waiting ON document (seq) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS document_reverses ON document (reverses) WHERE reverses IS NOT NULL;
CREATE TABLE IF NOT EXISTS body (key INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS receipt (key INTEGER PRIMARY KEY, receipt BLOB NOT NULL);
-- The running hash after every change.
CREATE TABLE IF NOT EXISTS chain (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL);
-- Whose operations a device's ids are.
CREATE TABLE IF NOT EXISTS device (id TEXT PRIMARY KEY, branch TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger (
  operation TEXT PRIMARY KEY,
  hash      TEXT NOT NULL,
  answer    BLOB NOT NULL,
  at        INTEGER NOT NULL
);
