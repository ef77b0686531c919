"""The generation of a picture from settings: text encoding, denoising, decoding, and the PNG with its record."""
