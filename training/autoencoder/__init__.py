"""Trains the masked autoencoder of pipelines/models/autoencoder.py, and measures what fills hidden places best."""
