"""Encoders and perturbations of waveforms and spectrograms."""
