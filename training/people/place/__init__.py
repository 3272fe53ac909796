"""Where synthetic people stand: clean plates that agree with camera and light."""
