"""A minimal stand-in for Pulumi's Python language host: it runs the program of a folder."""
