// Package dns has no DNS vendor.
package dns

import (
	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/internal/refuse"
)

// NewDNSChallengeProviderByName refuses every name.
func NewDNSChallengeProviderByName(string) (challenge.Provider, error) { return nil, refuse.ErrACME }
