"""Encoders and perturbations for plain tensors: vectors, sequences, image-like inputs and representations."""
