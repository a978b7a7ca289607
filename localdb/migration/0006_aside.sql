-- Schema 6: documents of the server that this program could not read, with their
-- bytes, for a later one. bytes is NULL when the server could not send them;
-- program is the version that tried last.
CREATE TABLE aside (
  type     TEXT NOT NULL,
  id       TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  bytes    BLOB,
  receipt  BLOB,
  reason   TEXT NOT NULL,
  program  TEXT NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (type, id)
);
