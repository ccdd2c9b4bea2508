"""Which kinds have what; importing this imports no torch."""

TENSORS = ("image", "spectrogram", "depth", "vector", "audio", "sequence")
SERIES = ("vector", "sequence", "audio", "spectrogram")
WAVES = ("vector", "sequence", "audio")
TIMED = ("sequence", "audio", "spectrogram")
STEPPED = ("sequence", "spectrogram")
TABULAR = ("vector", "sequence")
