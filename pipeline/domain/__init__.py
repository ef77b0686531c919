"""The program's subject, in plain Python: models, settings, families, and the progress of a generation."""
