// Package attack holds tests alone: they attack the two programs as they are
// shipped, cfoil and syncd, from outside. Both run as processes on loopback with
// real TLS and real SQLite files.
//
// The attacker is a client that can forge anything (forger), a proxy in the
// middle that ends TLS with a certificate the desks trust (middle), and somebody
// with a hand on the files of either side.
//
// COUNTERFOIL_ATTACKS sets how many rounds the random campaigns run,
// COUNTERFOIL_SEED repeats one; make attack runs the long ones.
package attack
