"""What this plugin registers; importing it imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

from brownout_audio import cards
from brownout_audio.papers import DAVIS
from brownout_registry import REQUIRED, EncoderCard, Option, PerturbationCard, hookimpl


@hookimpl
def brownout_encoders() -> list[EncoderCard]:
    """The log-mel spectrogram."""
    return [
        EncoderCard(
            name="log-mel",
            target="brownout_audio.log_mel:LogMel",
            summary="Log-mel spectrogram relative to the clip's maximum, in [0, 1]; has no parameters",
            paper=DAVIS,
            takes=("audio",),
            options=(
                Option("seconds", REQUIRED, "duration: longer clips lose their end, shorter ones get zeros"),
                Option("n_fft", 256, "samples of a Hann window"),
                Option("hop", 128, "samples from one window to the next"),
                Option("mels", 64, "number of mel filters (HTK scale)"),
                Option("fmin", 0.0, "lowest frequency, Hz"),
                Option("fmax", None, "highest frequency, Hz; None for half the sample rate"),
                Option("floor", -80.0, "level that becomes 0, dB relative to the clip's largest mel power"),
            ),
        )
    ]


@hookimpl
def brownout_perturbations() -> Sequence[PerturbationCard]:
    """Corruptions of waveforms and spectrograms."""
    return [*cards.noises(), *cards.channels(), *cards.gaps()]
