"""How well the pack reposes: pictures of one person in two poses, the second made out of the first and compared."""
