"""Inference for any likelihood: search, approximation, sampling, bootstrap, influence. Nothing here knows what a model is about."""
