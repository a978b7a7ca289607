-- Schema 7: since when the server has not caught up with what was read; 0: it has.
ALTER TABLE cursor ADD COLUMN behind INTEGER NOT NULL DEFAULT 0;
