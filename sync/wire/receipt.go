package wire

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// DefaultSeries names the one series of numbers that a company has now.
const DefaultSeries = "default"

// Receipt is the server's signed word that it issued an invoice under a number.
// Whoever holds the invoice may present it to a server that lost it.
type Receipt struct {
	Key        string    `json:"key"` // Identity of the key that signed
	Company    string    `json:"company"`
	Branch     string    `json:"branch"` // whose invoice it is
	Series     string    `json:"series"`
	Number     string    `json:"number"`
	DocumentID string    `json:"document_id"`
	Hash       string    `json:"hash"` // ReceiptHash of the invoice
	Seq        int64     `json:"seq"`  // of the change that issued it
	Time       time.Time `json:"time"` // when it was issued, server time
	Signature  []byte    `json:"signature,omitempty"`
}

// ErrReceipt says that a receipt does not verify.
var ErrReceipt = errors.New("the receipt does not verify")

// Presented is the body of a present: an issued invoice and the receipt for it.
type Presented struct {
	Invoice jsontext.Value `json:"invoice"`
	Receipt Receipt        `json:"receipt"`
}

// Identity names an Ed25519 public key: hex of the first 16 bytes of its SHA-256.
func Identity(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}

// signed are the bytes under the signature.
func (r Receipt) signed() ([]byte, error) {
	r.Signature = nil
	return Marshal(r)
}

// Sign returns the receipt with its key and signature.
func (r Receipt) Sign(key ed25519.PrivateKey) (Receipt, error) {
	r.Key = Identity(key.Public().(ed25519.PublicKey))
	text, err := r.signed()
	if err != nil {
		return r, err
	}
	r.Signature = ed25519.Sign(key, text)
	return r, nil
}

// Verify checks the signature and that the receipt speaks of this invoice. What
// does not hold gives ErrReceipt.
func (r Receipt) Verify(key ed25519.PublicKey, inv invoice.Invoice) error {
	text, err := r.signed()
	if err != nil || r.Key != Identity(key) || !ed25519.Verify(key, text, r.Signature) {
		return ErrReceipt
	}
	hash, err := ReceiptHash(inv)
	if err != nil || hash != r.Hash || inv.ID != r.DocumentID || inv.Number != r.Number {
		return ErrReceipt
	}
	return nil
}

// ReceiptHash is the hex SHA-256 of what was issued: the invoice's bytes as they
// stood then, whatever became of it later.
func ReceiptHash(inv invoice.Invoice) (string, error) {
	inv.State, inv.Revision, inv.Rejection = invoice.Issued, 0, nil
	b, err := document.Encode(inv)
	return Hash(b), err
}
