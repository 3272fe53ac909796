"""What synthetic people are made of: assets with their licences, packed once into one file."""
