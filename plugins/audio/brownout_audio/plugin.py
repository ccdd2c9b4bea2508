"""What this plugin registers; importing it imports no torch."""

from __future__ import annotations

from brownout_registry import REQUIRED, EncoderCard, Option, Paper, hookimpl

MERMELSTEIN = Paper(
    title="Comparison of Parametric Representations for Monosyllabic Word Recognition in Continuously Spoken Sentences",
    year=1980,
    url="https://doi.org/10.1109/TASSP.1980.1163420",
    bibtex="""@article{davis1980comparison,
  title = {Comparison of Parametric Representations for Monosyllabic Word Recognition in Continuously Spoken
           Sentences},
  author = {Davis, Steven B. and Mermelstein, Paul},
  journal = {IEEE Transactions on Acoustics, Speech, and Signal Processing},
  volume = {28},
  number = {4},
  pages = {357--366},
  year = {1980}
}""",
)


@hookimpl
def brownout_encoders() -> list[EncoderCard]:
    """The log-mel spectrogram."""
    return [
        EncoderCard(
            name="log-mel",
            target="brownout_audio.log_mel:LogMel",
            summary="Log-mel spectrogram relative to the clip's maximum, in [0, 1]; has no parameters",
            paper=MERMELSTEIN,
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
