"""What a body can do: ranges, limits, balance, sides, and the smallest correction."""
