"""Which region of the clothes every pixel of a person belongs to."""
