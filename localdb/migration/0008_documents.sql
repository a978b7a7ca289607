-- Schema 8: documents of every type. Bodies have one form, on disk as on the wire:
-- body_8 is the program's own function, which brings the older form to it.
UPDATE body SET doc = body_8(doc) WHERE doc_sum IS row_sum(doc) AND body_8(doc) IS NOT doc;
UPDATE body SET base = body_8(base) WHERE base_sum IS row_sum(base) AND body_8(base) IS NOT base;
UPDATE history SET before = body_8(before), before_sum = row_sum(body_8(before)) WHERE before_sum IS row_sum(before) AND body_8(before) IS NOT before;

-- Documents of all types but invoices, which have tables of their own because
-- there are millions of them. key is the name in pinyin, for sorting; search is
-- what the document is found by.
CREATE TABLE record (
  n        INTEGER PRIMARY KEY,
  type     TEXT NOT NULL,
  id       TEXT NOT NULL,
  key      TEXT NOT NULL,
  search   TEXT NOT NULL,
  version  INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  conflict INTEGER NOT NULL DEFAULT 0,
  doc      BLOB NOT NULL,
  base     BLOB,
  sum      INTEGER,
  doc_sum  INTEGER,
  base_sum INTEGER,
  UNIQUE (type, id)
);
CREATE INDEX record_key ON record (type, key);

CREATE TRIGGER record_sum AFTER INSERT ON record WHEN new.sum IS NULL BEGIN
  UPDATE record SET sum = row_sum(new.n, new.type, new.id, new.key, new.search, new.version, new.revision, new.conflict), doc_sum = row_sum(new.doc), base_sum = row_sum(new.base) WHERE n = new.n;
END;
CREATE TRIGGER record_doc_sum AFTER UPDATE OF doc ON record BEGIN
  UPDATE record SET doc_sum = row_sum(new.doc) WHERE n = new.n;
END;
CREATE TRIGGER record_base_sum AFTER UPDATE OF base ON record BEGIN
  UPDATE record SET base_sum = row_sum(new.base) WHERE n = new.n;
END;
CREATE TRIGGER record_sum_changed AFTER UPDATE OF n, type, id, key, search, version, revision, conflict ON record BEGIN
  UPDATE record SET sum = row_sum(new.n, new.type, new.id, new.key, new.search, new.version, new.revision, new.conflict) + (old.sum IS NOT row_sum(old.n, old.type, old.id, old.key, old.search, old.version, old.revision, old.conflict))
  WHERE n = new.n;
END;

-- What the server handed out so far. A damaged row stays damaged.
INSERT INTO record (type, id, key, search, version, revision, doc, base, sum)
  SELECT 'customer', id, key, search, 1, iif(json_valid(CAST(body AS TEXT)), coalesce(json_extract(CAST(body AS TEXT), '$.revision'), 0), 0), body_8(body), body_8(body), iif(sum IS row_sum(id, key, search, body), NULL, -1) FROM customer;
INSERT INTO record (type, id, key, search, version, revision, doc, base, sum)
  SELECT 'item', id, key, search, 1, iif(json_valid(CAST(body AS TEXT)), coalesce(json_extract(CAST(body AS TEXT), '$.revision'), 0), 0), body_8(body), body_8(body), iif(sum IS row_sum(id, key, search, body), NULL, -1) FROM item;
DROP TABLE customer;
DROP TABLE item;

-- Conflicts of every type.
ALTER TABLE conflict RENAME TO conflict_7;
CREATE TABLE conflict (
  type        TEXT NOT NULL,
  document_id TEXT NOT NULL,
  id          TEXT NOT NULL,
  opened      INTEGER NOT NULL,
  body        BLOB NOT NULL,
  sum         INTEGER,
  PRIMARY KEY (type, document_id)
);
INSERT INTO conflict SELECT 'invoice', invoice_id, id, opened, iif(sum IS row_sum(invoice_id, id, opened, body), body_8(body), body),
  iif(sum IS row_sum(invoice_id, id, opened, body), row_sum('invoice', invoice_id, id, opened, body_8(body)), -1) FROM conflict_7;
DROP TABLE conflict_7;
CREATE TRIGGER conflict_sum AFTER INSERT ON conflict WHEN new.sum IS NULL BEGIN
  UPDATE conflict SET sum = row_sum(new.type, new.document_id, new.id, new.opened, new.body) WHERE type = new.type AND document_id = new.document_id;
END;
CREATE TRIGGER conflict_sum_changed AFTER UPDATE OF type, document_id, id, opened, body ON conflict BEGIN
  UPDATE conflict SET sum = row_sum(new.type, new.document_id, new.id, new.opened, new.body) WHERE type = new.type AND document_id = new.document_id;
END;

-- Histories and what was seen are of keys: the id of an invoice, "type/id" of any
-- other document.
ALTER TABLE history RENAME COLUMN invoice_id TO document;
ALTER TABLE seen RENAME COLUMN id TO document;
