-- Schema 5: a checksum for each row, so that what the disk altered is not shown as
-- if it were whole. row_sum is the program's own function (CRC-32C over the
-- values). Triggers keep the sums: a row that was damaged before it is changed in
-- part stays damaged. A copy of a row takes its sum along.
ALTER TABLE invoice ADD COLUMN sum INTEGER;
ALTER TABLE conflict ADD COLUMN sum INTEGER;
ALTER TABLE outbox ADD COLUMN sum INTEGER;
ALTER TABLE answered ADD COLUMN sum INTEGER;
ALTER TABLE history ADD COLUMN sum INTEGER;
ALTER TABLE customer ADD COLUMN sum INTEGER;
ALTER TABLE item ADD COLUMN sum INTEGER;
ALTER TABLE typed ADD COLUMN sum INTEGER;
ALTER TABLE outbox ADD COLUMN bytes_sum INTEGER;
ALTER TABLE history ADD COLUMN before_sum INTEGER;
ALTER TABLE body ADD COLUMN doc_sum INTEGER;
ALTER TABLE body ADD COLUMN base_sum INTEGER;

UPDATE invoice SET sum = row_sum(n, id, reference, number, date, buyer, buyer_key, taxno, kind, state, red, conflict, gross_fen, gross, rejection, created, updated, version, revision);
UPDATE conflict SET sum = row_sum(invoice_id, id, opened, body);
UPDATE answered SET sum = row_sum(id, device, seq, document_type, document_id, kind, base_revision, bytes, hash, created, sent, answer, answered);
UPDATE customer SET sum = row_sum(id, key, search, body);
UPDATE item SET sum = row_sum(id, key, search, body);
UPDATE typed SET sum = row_sum(n, texts);
UPDATE outbox SET sum = row_sum(id, seq, document_type, document_id, kind, base_revision, hash, state, attempts, last_error, created, sent, from_state), bytes_sum = row_sum(bytes);
UPDATE history SET sum = row_sum(id, invoice_id, at, event, detail), before_sum = row_sum(before);
UPDATE body SET doc_sum = row_sum(doc), base_sum = row_sum(base);

-- A new row.
CREATE TRIGGER invoice_sum AFTER INSERT ON invoice WHEN new.sum IS NULL BEGIN
  UPDATE invoice SET sum = row_sum(new.n, new.id, new.reference, new.number, new.date, new.buyer, new.buyer_key, new.taxno, new.kind, new.state, new.red, new.conflict, new.gross_fen, new.gross, new.rejection, new.created, new.updated, new.version, new.revision) WHERE n = new.n;
END;
CREATE TRIGGER conflict_sum AFTER INSERT ON conflict WHEN new.sum IS NULL BEGIN
  UPDATE conflict SET sum = row_sum(new.invoice_id, new.id, new.opened, new.body) WHERE invoice_id = new.invoice_id;
END;
CREATE TRIGGER answered_sum AFTER INSERT ON answered WHEN new.sum IS NULL BEGIN
  UPDATE answered SET sum = row_sum(new.id, new.device, new.seq, new.document_type, new.document_id, new.kind, new.base_revision, new.bytes, new.hash, new.created, new.sent, new.answer, new.answered) WHERE id = new.id;
END;
CREATE TRIGGER customer_sum AFTER INSERT ON customer WHEN new.sum IS NULL BEGIN
  UPDATE customer SET sum = row_sum(new.id, new.key, new.search, new.body) WHERE id = new.id;
END;
CREATE TRIGGER item_sum AFTER INSERT ON item WHEN new.sum IS NULL BEGIN
  UPDATE item SET sum = row_sum(new.id, new.key, new.search, new.body) WHERE id = new.id;
END;
CREATE TRIGGER typed_sum AFTER INSERT ON typed WHEN new.sum IS NULL BEGIN
  UPDATE typed SET sum = row_sum(new.n, new.texts) WHERE n = new.n;
END;
CREATE TRIGGER outbox_sum AFTER INSERT ON outbox WHEN new.sum IS NULL BEGIN
  UPDATE outbox SET sum = row_sum(new.id, new.seq, new.document_type, new.document_id, new.kind, new.base_revision, new.hash, new.state, new.attempts, new.last_error, new.created, new.sent, new.from_state), bytes_sum = row_sum(new.bytes) WHERE id = new.id;
END;
CREATE TRIGGER history_sum AFTER INSERT ON history WHEN new.sum IS NULL BEGIN
  UPDATE history SET sum = row_sum(new.id, new.invoice_id, new.at, new.event, new.detail), before_sum = coalesce(new.before_sum, row_sum(new.before)) WHERE id = new.id;
END;
CREATE TRIGGER body_sum AFTER INSERT ON body WHEN new.doc_sum IS NULL BEGIN
  UPDATE body SET doc_sum = row_sum(new.doc), base_sum = row_sum(new.base) WHERE n = new.n;
END;

-- A row replaced whole, or a part that has a sum of its own.
CREATE TRIGGER conflict_sum_changed AFTER UPDATE OF invoice_id, id, opened, body ON conflict BEGIN
  UPDATE conflict SET sum = row_sum(new.invoice_id, new.id, new.opened, new.body) WHERE invoice_id = new.invoice_id;
END;
CREATE TRIGGER typed_sum_changed AFTER UPDATE OF n, texts ON typed BEGIN
  UPDATE typed SET sum = row_sum(new.n, new.texts) WHERE n = new.n;
END;
CREATE TRIGGER body_doc_sum AFTER UPDATE OF doc ON body BEGIN
  UPDATE body SET doc_sum = row_sum(new.doc) WHERE n = new.n;
END;
CREATE TRIGGER body_base_sum AFTER UPDATE OF base ON body BEGIN
  UPDATE body SET base_sum = row_sum(new.base) WHERE n = new.n;
END;
CREATE TRIGGER outbox_bytes_sum AFTER UPDATE OF bytes ON outbox BEGIN
  UPDATE outbox SET bytes_sum = row_sum(new.bytes) WHERE id = new.id;
END;

-- A row changed in part.
CREATE TRIGGER invoice_sum_changed AFTER UPDATE OF n, id, reference, number, date, buyer, buyer_key, taxno, kind, state, red, conflict, gross_fen, gross, rejection, created, updated, version, revision ON invoice BEGIN
  UPDATE invoice SET sum = row_sum(new.n, new.id, new.reference, new.number, new.date, new.buyer, new.buyer_key, new.taxno, new.kind, new.state, new.red, new.conflict, new.gross_fen, new.gross, new.rejection, new.created, new.updated, new.version, new.revision) + (old.sum IS NOT row_sum(old.n, old.id, old.reference, old.number, old.date, old.buyer, old.buyer_key, old.taxno, old.kind, old.state, old.red, old.conflict, old.gross_fen, old.gross, old.rejection, old.created, old.updated, old.version, old.revision))
  WHERE n = new.n;
END;
CREATE TRIGGER outbox_sum_changed AFTER UPDATE OF id, seq, document_type, document_id, kind, base_revision, hash, state, attempts, last_error, created, sent, from_state ON outbox BEGIN
  UPDATE outbox SET sum = row_sum(new.id, new.seq, new.document_type, new.document_id, new.kind, new.base_revision, new.hash, new.state, new.attempts, new.last_error, new.created, new.sent, new.from_state) + (old.sum IS NOT row_sum(old.id, old.seq, old.document_type, old.document_id, old.kind, old.base_revision, old.hash, old.state, old.attempts, old.last_error, old.created, old.sent, old.from_state))
  WHERE id = new.id;
END;
