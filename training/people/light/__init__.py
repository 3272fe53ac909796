"""Light from all around and its key, with the truth about it."""
