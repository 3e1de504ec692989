"""How the tables came about, one step a file; Alembic runs what a database has not seen."""
