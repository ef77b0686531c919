"""From settings to a picture: prompt embeddings, latents, steps, decoding, and the file with its record."""
