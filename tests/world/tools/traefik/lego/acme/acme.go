// Package acme holds the account that Traefik would store.
package acme

// Account is what a certificate authority would know of us.
type Account struct{}

// ExtendedAccount adds the account's address.
type ExtendedAccount struct {
	Account
	Location string
}
