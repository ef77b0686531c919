"""A model's folder on the disk: its layout, its manifest, its integrity, and what its configurations say."""
