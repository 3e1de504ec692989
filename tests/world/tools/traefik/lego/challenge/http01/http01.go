// Package http01 has the HTTP challenge's path and settings.
package http01

import "time"

// PathPrefix is where RFC 8555, section 8.3, puts the tokens.
const PathPrefix = "/.well-known/acme-challenge/"

// ChallengeOption would change how a challenge is checked.
type ChallengeOption func()

// SetDelay is no option.
func SetDelay(time.Duration) ChallengeOption { return func() {} }
