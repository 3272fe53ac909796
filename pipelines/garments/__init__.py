"""What is worn: where each garment is, what it is made of, and what on it must stay rigid."""
