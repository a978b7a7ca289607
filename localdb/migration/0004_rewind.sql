-- Schema 4: what tells that a server lost data, and gives it back.
-- mark is the newest that the server gave, '' for none.
ALTER TABLE cursor ADD COLUMN mark TEXT NOT NULL DEFAULT '';

-- The server's signed word that it issued an invoice; seq is the change that did.
CREATE TABLE receipt (
  n       INTEGER PRIMARY KEY,
  seq     INTEGER NOT NULL,
  receipt BLOB NOT NULL
);

-- Invoices that came while all is being read again.
CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID;
