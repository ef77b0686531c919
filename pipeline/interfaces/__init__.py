"""The page's service for other programs, in the forms that they speak; each submits jobs and follows them."""
