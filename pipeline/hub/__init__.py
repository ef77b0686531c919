"""Models on the Hugging Face Hub: which commit a name stands for, and its files in the Hub client's cache."""
