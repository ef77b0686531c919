"""What the program is about, in the standard library alone: models, settings, families, and what happens on the way."""
