// Package tlsalpn01 has the TLS challenge's protocol name, by which Traefik routes, and refuses
// to make a challenge certificate.
package tlsalpn01

import (
	"time"

	"github.com/go-acme/lego/v5/internal/refuse"
)

// ACMETLS1Protocol is the protocol of RFC 8737.
const ACMETLS1Protocol = "acme-tls/1"

// ChallengeOption would change how a challenge is checked.
type ChallengeOption func()

// SetDelay is no option.
func SetDelay(time.Duration) ChallengeOption { return func() {} }

// ChallengeBlocks refuses.
func ChallengeBlocks(string, string) ([]byte, []byte, error) { return nil, nil, refuse.ErrACME }
