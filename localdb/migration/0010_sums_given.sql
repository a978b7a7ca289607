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
