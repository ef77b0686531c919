"""A part of AUTOMATIC1111's API, as far as its clients draw with it."""
