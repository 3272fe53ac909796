"""Going over a reposed picture with the artist's own checkpoint: the same options for ComfyUI and diffusers."""
