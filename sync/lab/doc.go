// Package lab is a laboratory of network faults: it breaks real networks and
// watches what the shipped program says of them.
//
// Words: a world is a set of network namespaces that belong to one worker: the
// client's own computer, the office router, the provider, the server's site and a
// second site, with name servers, a real invoice server, proxies and a portal in
// them. A base is a data folder that was enrolled and has worked in that world. A
// case breaks one thing, or two, or none but an odd one, in a copy of a base; an
// independent tool confirms that it is broken; then cfoil selfcheck --json is asked
// and judged.
//
// README.md says how a case is written. Everything here is tests, of Linux alone:
// namespaces are.
//
// The package refuses to look inside the program: it knows its commands and what
// they print.
package lab
