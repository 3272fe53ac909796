"""From a posed figure to a picture with its truth."""
