"""The Gradio page and the endpoint `/generate`: controls, words, and events that submit jobs."""
