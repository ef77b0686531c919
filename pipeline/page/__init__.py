"""The page that `app.py` serves, and its endpoint: what they show, in words, and what they ask of the jobs room."""
