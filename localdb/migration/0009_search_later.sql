-- Schema 9: rows of search whose text is not in search_index yet. A bulk of changes
-- leaves them here; they are indexed when it is quiet, and searched by their text
-- until then.
CREATE TABLE search_later (n INTEGER PRIMARY KEY);
