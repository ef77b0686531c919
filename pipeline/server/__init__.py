"""The HTTP server of the page: flags, addresses, access, limits."""
