"""A model's folder on the disk: layout, manifest, integrity, configurations."""
