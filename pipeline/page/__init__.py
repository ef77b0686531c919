"""The page that `app.py` serves: its layout, what Generate does, and how the bundled miniature gets ready."""
