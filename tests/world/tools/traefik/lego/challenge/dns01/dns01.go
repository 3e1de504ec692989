// Package dns01 has the DNS challenge's settings, which have no effect here.
package dns01

import (
	"strings"
	"time"
)

// Options would choose the name servers.
type Options struct{ RecursiveNameservers []string }

// Client would ask them.
type Client struct{}

// NewClient ignores the options.
func NewClient(*Options) *Client { return &Client{} }

// SetDefaultClient does nothing.
func SetDefaultClient(*Client) {}

// ChallengeOption would change how a challenge is checked.
type ChallengeOption func()

// CondOptions is no option.
func CondOptions(bool, ...ChallengeOption) ChallengeOption { return func() {} }

// DisableAuthoritativeNssPropagationRequirement is no option.
func DisableAuthoritativeNssPropagationRequirement() ChallengeOption { return func() {} }

// DisableRecursiveNSsPropagationRequirement is no option.
func DisableRecursiveNSsPropagationRequirement() ChallengeOption { return func() {} }

// PropagationWait is no option.
func PropagationWait(time.Duration, bool) ChallengeOption { return func() {} }

// UnFqdn takes the closing dot off a name; Traefik's TLS manager relies on it.
func UnFqdn(name string) string { return strings.TrimSuffix(name, ".") }
