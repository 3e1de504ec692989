// Package certcrypto names the kinds of key that Traefik's configuration can ask for.
package certcrypto

// KeyType is a kind of private key.
type KeyType string

// The kinds that Traefik knows.
const (
	EC256   KeyType = "EC256"
	EC384   KeyType = "EC384"
	RSA2048 KeyType = "RSA2048"
	RSA4096 KeyType = "RSA4096"
	RSA8192 KeyType = "RSA8192"
)
