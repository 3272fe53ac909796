"""What is true in space: landmarks, skeleton, volume, warp. numpy and torch."""
