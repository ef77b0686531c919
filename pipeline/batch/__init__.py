"""Many prompts from a file: `python -m pipeline.batch PROMPTS --output DIR`. What is there is not drawn again."""
