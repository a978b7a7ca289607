package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"counterfoil/app/books"
	"counterfoil/sync/disk"
)

// maxToken is the length of a token in bytes that nobody needs.
const maxToken = 4 << 10

var errToken = &books.Error{Code: "token_unreadable", Field: "token", Text: "there is no token to read", Hint: "the file holds the token alone, in one line"}

// token reads the access token of --token-file FILE, or of standard input or the
// terminal with --token -. Without either it is empty. A token in the arguments can
// be read by everybody on the computer; it is taken and warned about.
func (c *call) token() (string, error) {
	file, given := c.opts["token-file"], c.opts["token"]
	switch {
	case file != "" && given != "":
		return "", usage{"--token and --token-file exclude each other"}
	case file != "":
		raw, err := disk.Read(file, maxToken)
		if err != nil {
			return "", &books.Error{Code: errToken.Code, Field: "token", Text: "the token file cannot be read: " + err.Error(), Hint: errToken.Hint, Err: err}
		}
		return oneToken(string(raw))
	case given == "-":
		return c.typedToken()
	case given != "":
		fmt.Fprintln(c.err, "cfoil: others on this computer can see a token in the arguments: use --token-file FILE or --token -")
	}
	return given, nil
}

// typedToken is a token that typed reads.
func (c *call) typedToken() (string, error) {
	line, err := c.typed("Token: ")
	if err != nil {
		return "", err
	}
	return oneToken(line)
}

// typed asks on a terminal, without showing what is typed, else reads a line.
func (c *call) typed(ask string) (string, error) {
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(c.err, ask)
		raw, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.err)
		return string(raw), err
	}
	line, err := bufio.NewReader(io.LimitReader(c.in, maxToken)).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

func oneToken(text string) (string, error) {
	words := strings.Fields(text)
	if len(words) != 1 {
		return "", errToken
	}
	return words[0], nil
}
