"""The cards of the perturbations; importing them imports no torch."""

from __future__ import annotations

from brownout_audio.papers import AVROBUSTBENCH, MOORER, MULTIBENCH, SPECAUGMENT
from brownout_registry import REQUIRED, Option, PerturbationCard

SNR = "signal-to-noise ratio, dB"
SHARES = {"*": (0.1, 0.2, 0.3, 0.4, 0.5)}
FILL = Option(
    "fill", "silence", "silence: 0 in audio, the lowest value in a spectrogram; mean: the sample's", ("silence", "mean")
)


def noises() -> list[PerturbationCard]:
    """Noise at a signal-to-noise ratio."""
    share, rate = Option("share", 0.05, "of the steps that are hit"), Option("rate", 50.0, "quanta at full scale")
    return [
        _noise("white-noise", "noises:white_noise", "Gaussian noise at a signal-to-noise ratio"),
        _noise("audio-impulse-noise", "noises:impulse_noise", "Clicks at a share of the steps, at a ratio", share),
        _noise(
            "audio-shot-noise", "shot:shot_noise", "Poisson noise of magnitudes counted in quanta, at a ratio", rate
        ),
        _noise("audio-speckle-noise", "noises:speckle_noise", "Gaussian noise that scales with the signal, at a ratio"),
        PerturbationCard(
            name="background-noise",
            target="brownout_audio.background:background_noise",
            summary="Recordings from a folder of wav or npy files at a signal-to-noise ratio",
            paper=AVROBUSTBENCH,
            takes=("audio",),
            parameter=SNR,
            levels={"*": (20.0, 15.0, 10.0, 5.0, 0.0)},
            options=(
                Option(
                    "folder", REQUIRED, "holds .wav (PCM, floats) or .npy files (one axis), in any depth", path=True
                ),
                Option("npy_rate", None, "sample rate of the .npy files, Hz; None for the modality's"),
            ),
        ),
    ]


def _noise(name: str, factory: str, summary: str, *options: Option) -> PerturbationCard:
    return PerturbationCard(
        name=name,
        target=f"brownout_audio.{factory}",
        summary=summary,
        paper=AVROBUSTBENCH,
        takes=("audio",),
        parameter=SNR,
        levels={"*": (40.0, 30.0, 20.0, 10.0, 0.0)},
        options=options,
    )


def channels() -> list[PerturbationCard]:
    """What room, microphone and line do to a signal."""
    return [
        PerturbationCard(
            name="low-pass",
            target="brownout_audio.low_pass:low_pass",
            summary="Butterworth low-pass filter: a narrow-band line",
            paper=AVROBUSTBENCH,
            takes=("audio",),
            default_for=("audio",),
            parameter="cut-off frequency as a share of the Nyquist frequency",
            levels={"*": (1.0, 0.75, 0.5, 0.25, 0.125)},
            options=(
                Option("order", 6, "of the filter"),
                Option("unit", "nyquist", "of a level: share of the Nyquist frequency, or hertz", ("nyquist", "hertz")),
            ),
        ),
        PerturbationCard(
            name="reverberation",
            target="brownout_audio.reverberation:reverberation",
            summary="A synthetic room: direct sound and a tail of exponentially decaying noise",
            paper=MOORER,
            takes=("audio",),
            default_for=("audio",),
            parameter="reverberation time RT60, s",
            levels={"*": (0.2, 0.4, 0.8, 1.6, 3.2)},
            options=(Option("direct", 0.0, "direct to reverberant energy at a reverberation time of 1 s, dB"),),
        ),
        PerturbationCard(
            name="clipping",
            target="brownout_audio.amplitude:clipping",
            summary="An overdriven recording: magnitudes above a share of the sample's peak are cut off",
            takes=("audio",),
            parameter="share of the peak that is left",
            levels={"*": (0.7, 0.5, 0.3, 0.2, 0.1)},
        ),
        PerturbationCard(
            name="gain",
            target="brownout_audio.amplitude:gain",
            summary="Quieter, or louder and clipped to the range",
            takes=("audio",),
            parameter="gain, dB",
            levels={"*": (-6.0, -12.0, -18.0, -24.0, -30.0)},
        ),
    ]


def gaps() -> list[PerturbationCard]:
    """Lost parts of a clip or spectrogram."""
    return [
        PerturbationCard(
            name="time-masking",
            target="brownout_audio.masking:time_masking",
            summary="A share of the clip is muted, or of the columns masked, in several chunks",
            paper=AVROBUSTBENCH,
            takes=("audio", "spectrogram"),
            parameter="share of the time axis",
            levels=SHARES,
            options=(
                Option("chunk", 0.05, "length of a chunk, as a share of the clip"),
                Option("seconds", 0.1, "shortest chunk; audio only"),
                FILL,
            ),
        ),
        PerturbationCard(
            name="frequency-masking",
            target="brownout_audio.masking:frequency_masking",
            summary="A share of the rows is masked, in several bands",
            paper=SPECAUGMENT,
            takes=("spectrogram",),
            default_for=("spectrogram",),
            parameter="share of the frequency axis",
            levels=SHARES,
            options=(Option("chunk", 0.1, "width of a band, as a share of the axis"), FILL),
        ),
        PerturbationCard(
            name="frame-dropout",
            target="brownout_audio.frames:frame_dropout",
            summary="Frames are lost, each on its own: milliseconds of audio, or columns of a spectrogram",
            paper=MULTIBENCH,
            takes=("audio", "spectrogram"),
            parameter="probability of a lost frame",
            levels=SHARES,
            options=(Option("seconds", 0.02, "length of a frame; audio only"), FILL),
        ),
    ]
