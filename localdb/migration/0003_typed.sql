-- Schema 3: what a clerk typed into an invoice and what the invoice does not hold:
-- JSON, field → text. It stays on this device. n is the invoice's row.
CREATE TABLE typed (
  n     INTEGER PRIMARY KEY,
  texts BLOB NOT NULL
);
