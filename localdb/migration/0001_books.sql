-- Schema 1: everything one desk keeps while it has no line.
-- Times are Unix nanoseconds (UTC), 0 for "never". Money is integer fen.

-- One row that says "this file was made by us and has held data". A zero-length
-- file opens as a healthy empty database; the missing row unmasks it.
CREATE TABLE marker (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  product TEXT NOT NULL,
  made    INTEGER NOT NULL
);

-- Who this data folder is. seq is the last device sequence number handed out.
CREATE TABLE device (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id  TEXT NOT NULL,
  seq INTEGER NOT NULL DEFAULT 0
);

-- How far the server's changes were read. One row.
CREATE TABLE cursor (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  epoch TEXT NOT NULL,
  seq   INTEGER NOT NULL,
  scope TEXT NOT NULL
);

-- The last counter of the provisional references, one row a business date.
CREATE TABLE reference (
  date TEXT PRIMARY KEY,
  last INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- What lists show, apart from the body, so that a page never reads a blob.
-- gross_fen is the sort key, clamped to ±10^15; gross is '' unless the amount
-- does not fit gross_fen, and then it is the exact decimal text.
-- buyer_key is the buyer's name in pinyin, for sorting.
CREATE TABLE invoice (
  n         INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  reference TEXT NOT NULL,
  number    TEXT NOT NULL,
  date      TEXT NOT NULL,
  buyer     TEXT NOT NULL,
  buyer_key TEXT NOT NULL,
  taxno     TEXT NOT NULL,
  kind      TEXT NOT NULL,
  state     TEXT NOT NULL,
  red       INTEGER NOT NULL,
  conflict  INTEGER NOT NULL DEFAULT 0,
  gross_fen INTEGER NOT NULL,
  gross     TEXT NOT NULL,
  rejection TEXT NOT NULL,
  created   INTEGER NOT NULL,
  updated   INTEGER NOT NULL,
  version   INTEGER NOT NULL,
  revision  INTEGER NOT NULL
);
-- One index an order; the row id behind each key makes the keyset unique.
CREATE INDEX invoice_created  ON invoice (created);
CREATE INDEX invoice_date     ON invoice (date);
CREATE INDEX invoice_buyer    ON invoice (buyer_key);
CREATE INDEX invoice_number   ON invoice (number);
CREATE INDEX invoice_gross    ON invoice (gross_fen);
CREATE INDEX invoice_state    ON invoice (state, created);
CREATE INDEX invoice_red      ON invoice (created) WHERE red = 1;
CREATE INDEX invoice_conflict ON invoice (created) WHERE conflict = 1;
CREATE INDEX invoice_huge     ON invoice (n) WHERE gross <> '';

-- The document and what this device last had from the server (NULL: never).
CREATE TABLE body (
  n    INTEGER PRIMARY KEY,
  doc  BLOB NOT NULL,
  base BLOB
);

-- Lower-cased text that search looks into, ending in two line feeds so that
-- every character starts a trigram.
CREATE TABLE search (
  n    INTEGER PRIMARY KEY,
  text TEXT NOT NULL
);
-- Candidates for search. No positions are kept: every hit is verified against
-- search.text. One and two characters are looked up as a range of trigrams in
-- search_term, since MATCH finds nothing for them.
CREATE VIRTUAL TABLE search_index USING fts5 (
  text, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE search_term USING fts5vocab (search_index, instance);

-- Counters behind the filter chips, so that counting never walks the invoices.
CREATE TABLE tally (
  date     TEXT NOT NULL,
  state    TEXT NOT NULL,
  red      INTEGER NOT NULL,
  conflict INTEGER NOT NULL,
  count    INTEGER NOT NULL,
  gross    INTEGER NOT NULL,
  PRIMARY KEY (date, state, red, conflict)
) WITHOUT ROWID;

CREATE TRIGGER invoice_added AFTER INSERT ON invoice BEGIN
  INSERT INTO tally VALUES (new.date, new.state, new.red, new.conflict, 1, iif(new.gross = '', new.gross_fen, 0))
  ON CONFLICT DO UPDATE SET count = count + 1, gross = gross + excluded.gross;
END;
CREATE TRIGGER invoice_removed AFTER DELETE ON invoice BEGIN
  UPDATE tally SET count = count - 1, gross = gross - iif(old.gross = '', old.gross_fen, 0)
  WHERE date = old.date AND state = old.state AND red = old.red AND conflict = old.conflict;
END;
CREATE TRIGGER invoice_changed AFTER UPDATE ON invoice
WHEN old.date <> new.date OR old.state <> new.state OR old.red <> new.red OR old.conflict <> new.conflict
  OR old.gross_fen <> new.gross_fen OR old.gross <> new.gross
BEGIN
  UPDATE tally SET count = count - 1, gross = gross - iif(old.gross = '', old.gross_fen, 0)
  WHERE date = old.date AND state = old.state AND red = old.red AND conflict = old.conflict;
  INSERT INTO tally VALUES (new.date, new.state, new.red, new.conflict, 1, iif(new.gross = '', new.gross_fen, 0))
  ON CONFLICT DO UPDATE SET count = count + 1, gross = gross + excluded.gross;
END;

-- Operations without a final answer. Ids rise and are never used again, so an
-- operation that is offered again keeps its place. from_state is the invoice's
-- state before the first of the edits that were joined in an unsent row: it
-- tells a recall that must travel from one that only undoes an unsent submit.
CREATE TABLE outbox (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  seq           INTEGER NOT NULL DEFAULT 0,
  document_type TEXT NOT NULL,
  document_id   TEXT NOT NULL,
  kind          TEXT NOT NULL,
  base_revision INTEGER NOT NULL,
  bytes         BLOB,
  hash          TEXT NOT NULL DEFAULT '',
  state         TEXT NOT NULL,
  attempts      INTEGER NOT NULL DEFAULT 0,
  last_error    TEXT NOT NULL DEFAULT '',
  created       INTEGER NOT NULL,
  sent          INTEGER NOT NULL DEFAULT 0,
  from_state    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_document ON outbox (document_id);
CREATE INDEX outbox_state    ON outbox (state, id);

-- Answered operations, kept 90 days for a server that was restored from an old
-- backup. device is the id they were sent under: another device's sequence
-- numbers cannot be offered again.
CREATE TABLE answered (
  id            INTEGER PRIMARY KEY,
  device        TEXT NOT NULL,
  seq           INTEGER NOT NULL,
  document_type TEXT NOT NULL,
  document_id   TEXT NOT NULL,
  kind          TEXT NOT NULL,
  base_revision INTEGER NOT NULL,
  bytes         BLOB,
  hash          TEXT NOT NULL,
  created       INTEGER NOT NULL,
  sent          INTEGER NOT NULL,
  answer        TEXT NOT NULL,
  answered      INTEGER NOT NULL
);
CREATE INDEX answered_at ON answered (answered);

-- Open conflicts, at most one an invoice. body holds the three versions.
CREATE TABLE conflict (
  invoice_id TEXT PRIMARY KEY,
  id         TEXT NOT NULL,
  opened     INTEGER NOT NULL,
  body       BLOB NOT NULL
);

-- What happened to each invoice; before is the whole version replaced or not
-- chosen. Rows outlive their invoice.
CREATE TABLE history (
  id         INTEGER PRIMARY KEY,
  invoice_id TEXT NOT NULL,
  at         INTEGER NOT NULL,
  event      TEXT NOT NULL,
  detail     TEXT NOT NULL,
  before     BLOB
);
CREATE INDEX history_invoice ON history (invoice_id);

-- Master data handed out by the server.
CREATE TABLE customer (
  id     TEXT PRIMARY KEY,
  key    TEXT NOT NULL,
  search TEXT NOT NULL,
  body   BLOB NOT NULL
);
CREATE INDEX customer_key ON customer (key);
CREATE TABLE item (
  id     TEXT PRIMARY KEY,
  key    TEXT NOT NULL,
  search TEXT NOT NULL,
  body   BLOB NOT NULL
);
CREATE INDEX item_key ON item (key);
