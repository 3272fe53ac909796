"""What synthetic people wear: garments on a body, skirts that hang, fabrics and prints."""
