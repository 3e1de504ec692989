// Package challenge has the interface that Traefik's own challenge providers implement.
package challenge

import "context"

// Provider would publish and withdraw the proof that a domain is ours.
type Provider interface {
	Present(ctx context.Context, domain, token, keyAuth string) error
	CleanUp(ctx context.Context, domain, token, keyAuth string) error
}
