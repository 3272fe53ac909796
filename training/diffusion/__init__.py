"""A small latent diffusion model of synthetic people, posed by a ControlNet as SDXL is: what the three heads do for
pictures, measured without a big checkpoint."""
