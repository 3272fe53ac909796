"""Attention to the photo while a diffusion model paints: three heads as pure functions of tensors."""
