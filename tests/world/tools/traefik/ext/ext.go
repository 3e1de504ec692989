// Package ext stands where Traefik lets a distributor extend its dynamic configuration.
// Traefik keeps this module inside its own repository by a path replacement, so the module
// proxy cannot serve it. This world extends nothing.
package ext

// HTTP would extend the HTTP section.
type HTTP struct{}

// Router would extend one HTTP router.
type Router struct{}
