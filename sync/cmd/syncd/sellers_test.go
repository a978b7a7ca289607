package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The sellers of a file are handed out; what is wrong in it is said with its place.
func TestSellers(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sellers.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a, b := `{"party":{"name":"甲","tax_no":"91310115630782416N"},"taxpayer":"general"}`, `{"id":"b","party":{"name":"乙","tax_no":"2"},"series":"B"}`
	for text, says := range map[string]string{
		"{}":                       "no list of sellers",
		"[" + a + "," + a + "]":    "seller 2",
		`[{"party":{"name":"甲"}}]`: "tax number",
		`[{"party":{"nam":"甲"}}]`:  `no field "nam"`,
		`[{"id":"b c","party":{"name":"甲","tax_no":"1"}}]`: "is no id",
		`[{"party":{"name":7}}]`:                           "seller 1",
	} {
		write(text)
		if list, err := readSellers(file); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v %v", text, list, err)
		}
	}
	write("[" + a + "," + b + "]")
	data := filepath.Join(dir, "data")
	address := syncd(t, "--data", data, "--practice", "--listen", "127.0.0.1:0", "--sellers", file)
	ca, err := os.ReadFile(filepath.Join(data, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	resp, err := client.Get(address + "/v1/pull?limit=2")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if text := string(page); err != nil || !strings.Contains(text, `"document_id":"seller-91310115630782416N"`) || !strings.Contains(text, `"series":"B"`) {
		t.Errorf("%v %s", err, page)
	}
}
