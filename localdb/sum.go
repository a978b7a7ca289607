package localdb

import (
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"

	"modernc.org/sqlite"

	"counterfoil/app/books"
)

// The columns that a row's sum covers. bytes of an operation, before of a history
// entry and the two of a body have sums of their own.
const (
	invoiceSummed  = `n, id, reference, number, date, buyer, buyer_key, taxno, kind, state, red, conflict, gross_fen, gross, rejection, created, updated, version, revision`
	outboxSummed   = `id, seq, document_type, document_id, kind, base_revision, hash, state, attempts, last_error, created, sent, from_state`
	answeredSummed = `id, device, seq, document_type, document_id, kind, base_revision, bytes, hash, created, sent, answer, answered`
	historySummed  = `id, document, at, event, detail`
	conflictSummed = `type, document_id, id, opened, body`
	recordSummed   = `n, type, id, key, search, version, revision, conflict`
	typedSummed    = `n, texts`
)

// Places of invoiceSummed.
var (
	invoiceColumns   = strings.Split(invoiceSummed, ", ")
	invoiceWidth     = len(invoiceColumns)
	invoiceNumber    = slices.Index(invoiceColumns, "number")
	invoiceState     = slices.Index(invoiceColumns, "state")
	invoiceRejection = slices.Index(invoiceColumns, "rejection")
	invoiceVersion   = slices.Index(invoiceColumns, "version") // revision comes after it
)

func init() {
	sqlite.MustRegisterDeterministicScalarFunction("row_sum", -1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		var s summer
		for _, a := range args {
			s.add(a)
		}
		return int64(s), nil
	})
}

// sumOf is row_sum in Go.
func sumOf(values ...any) int64 {
	var s summer
	for _, v := range values {
		s.add(v)
	}
	return int64(s)
}

// A summer adds up the values of a row: CRC-32C over each one's kind, length and
// content. Text and blob are alike.
type summer uint32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (s *summer) part(kind byte, n uint64, content []byte) {
	head := binary.LittleEndian.AppendUint64([]byte{kind}, n)
	*s = summer(crc32.Update(crc32.Update(uint32(*s), castagnoli, head), castagnoli, content))
}

// add adds a value as the driver has it.
func (s *summer) add(v any) {
	switch v := v.(type) {
	case nil:
		s.part('n', 0, nil)
	case bool:
		s.part('i', map[bool]uint64{true: 1}[v], nil)
	case int64:
		s.part('i', uint64(v), nil)
	case float64:
		s.part('f', math.Float64bits(v), nil)
	case string:
		s.part('t', uint64(len(v)), []byte(v))
	case []byte:
		if v == nil {
			s.part('n', 0, nil)
		} else {
			s.part('t', uint64(len(v)), v)
		}
	default:
		text := fmt.Sprint(v) // of a kind that no column holds
		s.part('?', uint64(len(text)), []byte(text))
	}
}

// intact turns a sum that does not match into the error that names the row.
func intact(want sql.NullInt64, got int64, what, name string) error {
	if want.Valid && want.Int64 == got {
		return nil
	}
	return damaged(what, name)
}

// damaged names a row that is not as it was written. It holds up no other.
func damaged(what, name string) error {
	return &books.Error{Code: "row_damaged", Text: fmt.Sprintf("the %s %s is damaged in the data file", what, name),
		Hint: "everything else is whole; the next sync fetches again what the server has, else restore the last backup", Err: fmt.Errorf("%w: %w", ErrCorrupt, books.ErrDamaged)}
}
