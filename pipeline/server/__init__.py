"""The HTTP server: who may ask it, how much, and the page that it serves."""
