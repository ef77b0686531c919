"""Models on the Hugging Face Hub: from a name to a commit, and to its files in huggingface_hub's cache."""
