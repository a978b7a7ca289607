-- Schema 10: the program gives the sum of a body along with it; only where it did
-- not, a trigger adds it up.
DROP TRIGGER body_doc_sum;
CREATE TRIGGER body_doc_sum AFTER UPDATE OF doc ON body WHEN new.doc_sum IS old.doc_sum BEGIN
  UPDATE body SET doc_sum = row_sum(new.doc) WHERE n = new.n;
END;
DROP TRIGGER body_base_sum;
CREATE TRIGGER body_base_sum AFTER UPDATE OF base ON body WHEN new.base_sum IS old.base_sum BEGIN
  UPDATE body SET base_sum = row_sum(new.base) WHERE n = new.n;
END;
DROP TRIGGER outbox_bytes_sum;
CREATE TRIGGER outbox_bytes_sum AFTER UPDATE OF bytes ON outbox WHEN new.bytes_sum IS old.bytes_sum BEGIN
  UPDATE outbox SET bytes_sum = row_sum(new.bytes) WHERE id = new.id;
END;
DROP TRIGGER invoice_sum_changed;
CREATE TRIGGER invoice_sum_changed AFTER UPDATE OF n, id, reference, number, date, buyer, buyer_key, taxno, kind, state, red, conflict, gross_fen, gross, rejection, created, updated, version, revision ON invoice WHEN new.sum IS old.sum BEGIN
  UPDATE invoice SET sum = row_sum(new.n, new.id, new.reference, new.number, new.date, new.buyer, new.buyer_key, new.taxno, new.kind, new.state, new.red, new.conflict, new.gross_fen, new.gross, new.rejection, new.created, new.updated, new.version, new.revision) + (old.sum IS NOT row_sum(old.n, old.id, old.reference, old.number, old.date, old.buyer, old.buyer_key, old.taxno, old.kind, old.state, old.red, old.conflict, old.gross_fen, old.gross, old.rejection, old.created, old.updated, old.version, old.revision))
  WHERE n = new.n;
END;
DROP TRIGGER outbox_sum_changed;
CREATE TRIGGER outbox_sum_changed AFTER UPDATE OF id, seq, document_type, document_id, kind, base_revision, hash, state, attempts, last_error, created, sent, from_state ON outbox WHEN new.sum IS old.sum BEGIN
  UPDATE outbox SET sum = row_sum(new.id, new.seq, new.document_type, new.document_id, new.kind, new.base_revision, new.hash, new.state, new.attempts, new.last_error, new.created, new.sent, new.from_state) + (old.sum IS NOT row_sum(old.id, old.seq, old.document_type, old.document_id, old.kind, old.base_revision, old.hash, old.state, old.attempts, old.last_error, old.created, old.sent, old.from_state))
  WHERE id = new.id;
END;
