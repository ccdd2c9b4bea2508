"""Encoders and perturbations of text."""
