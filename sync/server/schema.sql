-- One row: the epoch and the one change counter of the company. A seq is taken
-- inside the transaction that commits the change, so commit order is seq order.
CREATE TABLE IF NOT EXISTS meta(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL
);

-- The latest version of each document, under the seq of its latest change.
-- A reader that goes by seq misses none: a newer change moves the row ahead.
CREATE TABLE IF NOT EXISTS document(
  rowid INTEGER PRIMARY KEY,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state TEXT NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL,
  UNIQUE(type, id)
);
CREATE UNIQUE INDEX IF NOT EXISTS document_seq ON document(seq);
CREATE INDEX IF NOT EXISTS document_waiting ON document(seq) WHERE state = 'waiting';

-- The server's memory of answers: a replay gets the stored one. Kept at least
-- 90 days.
CREATE TABLE IF NOT EXISTS ledger(
  operation_id TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  answer BLOB NOT NULL,
  at INTEGER NOT NULL
);

-- The next number of each series; it rises in the commit that issues.
CREATE TABLE IF NOT EXISTS series(
  name TEXT PRIMARY KEY,
  next INTEGER NOT NULL
);
