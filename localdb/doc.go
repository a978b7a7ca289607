// Package localdb keeps everything one desk has in one SQLite file: invoices,
// the outbox, conflicts, history, master data and settings. DB implements
// books.Store for the window and books.SyncStore for the sync engine.
//
// Words: the writer is the one connection that may change the file; readers see
// the last committed state and never wait for it. A body is a document as the
// internal JSON of this package; a base is the body the server last had. The
// mark is a small file beside the data that says "data existed here".
//
// The package refuses to open a file that a newer program made, that is not
// ours, or that was emptied behind its back; it never repairs by itself, never
// talks to a network and never decides money.
package localdb
