"""Encoders of waveforms: the log-mel spectrogram."""
