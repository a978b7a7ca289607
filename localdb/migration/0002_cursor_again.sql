-- Schema 2: whether all is being read again from a server restored from a backup.
ALTER TABLE cursor ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
