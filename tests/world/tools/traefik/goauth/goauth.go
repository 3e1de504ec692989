// Package auth has the names that Traefik's basicAuth and digestAuth middlewares are compiled
// against. The fork which Traefik pins is not on the module proxy and the original lacks two of
// the names. Every check refuses: the world's hosts are protected by forwardAuth.
package auth

import "net/http"

// SecretProvider looks a user's secret up.
type SecretProvider func(user, realm string) string

// CheckSecret accepts no password.
func CheckSecret(password, secret string) bool { return false }

// BasicAuth asks for a user name and accepts none.
type BasicAuth struct {
	Realm   string
	Secrets SecretProvider
}

// RequireAuth answers 401.
func (a *BasicAuth) RequireAuth(w http.ResponseWriter, _ *http.Request) {
	refuse(w, "Basic realm="+a.Realm)
}

// DigestAuth asks for a digest and accepts none.
type DigestAuth struct{ realm string }

// NewDigestAuthenticator ignores the secrets.
func NewDigestAuthenticator(realm string, _ SecretProvider) *DigestAuth {
	return &DigestAuth{realm: realm}
}

// CheckAuth finds no user.
func (a *DigestAuth) CheckAuth(_ *http.Request) (string, *string) { return "", nil }

// RequireAuth answers 401.
func (a *DigestAuth) RequireAuth(w http.ResponseWriter, _ *http.Request) {
	refuse(w, "Digest realm="+a.realm)
}

// RequireAuthStale answers 401.
func (a *DigestAuth) RequireAuthStale(w http.ResponseWriter, r *http.Request) { a.RequireAuth(w, r) }

// DigestAuthParams reads nothing out of the header.
func DigestAuthParams(_ string) map[string]string { return nil }

func refuse(w http.ResponseWriter, challenge string) {
	w.Header().Set("WWW-Authenticate", challenge)
	http.Error(w, "password sign-in is not part of this build", http.StatusUnauthorized)
}
