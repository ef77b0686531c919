"""OpenAI's images API, for its SDKs and for programs that draw with it."""
