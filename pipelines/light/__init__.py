"""The light of a photo: estimated, kept through a move, and checked."""
