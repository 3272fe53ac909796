"""What upscaling with the photo is worth, against upscaling blindly."""
