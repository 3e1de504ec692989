// Package refuse holds the one answer of this placeholder module. The real module requires a
// client for every DNS vendor, several of which the module proxy does not serve; the world's
// Traefik never asks for a certificate.
package refuse

import "errors"

// ErrACME says why a certificate cannot be had.
var ErrACME = errors.New("ACME is not part of this build: configure certificates by file or Secret")
