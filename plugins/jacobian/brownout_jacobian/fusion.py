"""The fusion strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from brownout_blocks import Power, log_frequencies, stack_logits, statistical_logits
from brownout_jacobian.norms import bound
from brownout_jacobian.solver import Correction
from brownout_jacobian.sylvester import SylvesterCorrection
from brownout_registry import Prediction, Task, UsageError, above, check_count, check_number, unknown

Solver = Literal["eigen", "sylvester"]


class JacobianFusion(nn.Module):
    r"""Statistical fusion whose Jacobian is regularised for each sample (Gao et al., 2022, algorithm 1).

    $$ p' = softmax(\sum_{a\,regularised} W_a z_a + \sum_{b\,other} z_b - n \ln freq) $$

    over what is present. Each $W_a$ solves eq. 8 at $p^{(0)} = softmax(\sum_m z_m - n \ln freq)$, and ``t_max`` > 1
    repeats this at the prediction it gave; see `brownout_blocks.statistical_logits` for n. A change $\epsilon$ of
    modality a's features then moves the prediction, to first order, by at most
    $\sqrt{\gamma K / (2 (1 - \gamma))} \|\epsilon\|$ (theorem 1).

    Args:
        task: what is predicted; all its class frequencies must be positive.
        heads: the fitted unimodal heads.
        gamma: in (0, 1]; 1 is statistical fusion.
        t_max: iterations; the paper reports 1.
        power: how often the class frequencies are divided out, see `brownout_blocks.statistical_logits`.
        modalities: which are regularised: ``"all"``, a name or a list of names. Naming the one that a protocol
            perturbs, as the paper's tables do, is knowledge that no deployed system has.
        solver: ``eigen``, exact, batched and for any head; ``sylvester``, to check it: the printed form of eq. 8 one
            sample at a time in float64, which needs an invertible $W W^T$ and gives no gradients.
        diagnostics: whether the prediction tells what the plugin's metrics need, see `forward`.

    Raises:
        UsageError: an option out of its range, an unknown modality, a class that never occurs, or a singular
            $W W^T$ with ``sylvester``.

    Example:
        >>> import torch
        >>> heads = {"audio": nn.Linear(3, 3, bias=False), "video": nn.Linear(3, 3)}
        >>> _ = nn.init.eye_(heads["audio"].weight)
        >>> task = Task(("a", "b", "c"), (1 / 3, 1 / 3, 1 / 3))
        >>> fusion = JacobianFusion(task, heads, gamma=0.5, modalities="audio")
        >>> sources = {"audio": torch.tensor([[1.0, 0.0, 2.0]]), "video": torch.zeros(1, 3)}
        >>> fusion(sources, torch.tensor([[True, True]])).logits.softmax(-1)
        tensor([[0.2695, 0.0956, 0.6349]])
    """

    log_freq: Tensor

    def __init__(
        self,
        task: Task,
        heads: Mapping[str, nn.Linear],
        *,
        gamma: float = 0.1,
        t_max: int = 1,
        power: Power = "M-1",
        modalities: str | list[str] | tuple[str, ...] = "all",
        solver: Solver = "eigen",
        diagnostics: bool = False,
    ) -> None:
        super().__init__()
        _check(gamma, t_max)
        self.gamma, self.t_max, self.power, self.diagnostics = gamma, t_max, power, diagnostics
        self.names, self.regularised = tuple(heads), _regularised(modalities, heads)
        self.corrections = nn.ModuleList(_solved(name, heads[name].weight, gamma, solver) for name in self.regularised)
        W = heads[self.names[0]].weight
        self.register_buffer("log_freq", log_frequencies(task, W.dtype).to(W.device), persistent=False)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        r"""Logits ``[B, K]``, with the unimodal logits.

        With ``diagnostics``, for each sample: ``sensitivity.NAME``, the norm $\|J W_a W_A\|_F$ of each regularised
        modality, at the J of the last iteration (0 where it is absent); ``bound``, what theorem 1 says it cannot
        exceed; ``changed``, 1 where the predicted class is not that of plain statistical fusion.
        """
        logits = stack_logits(sources, self.names, present)
        unimodal = dict(zip(self.names, logits.unbind(dim=1), strict=True))
        fused = statistical = p = statistical_logits(logits, present, self.log_freq, self.power)
        for _ in range(self.t_max):
            p = fused.softmax(dim=-1)
            fused = self._regularise(statistical, unimodal, p)
        found = self._diagnose(present, statistical, fused, p) if self.diagnostics else {}
        return Prediction(fused, unimodal=unimodal, diagnostics=found)

    def _regularise(self, logits: Tensor, unimodal: Mapping[str, Tensor], p: Tensor) -> Tensor:
        """Add (Wa - I) z_a of each regularised modality; an absent one has z_a = 0 and so adds nothing."""
        for name, correction in zip(self.regularised, self.corrections, strict=True):
            logits = logits + correction(unimodal[name], p)
        return logits

    @torch.no_grad()
    def _diagnose(self, present: Tensor, statistical: Tensor, fused: Tensor, p: Tensor) -> dict[str, Tensor]:
        found = {
            "bound": fused.new_full(fused.shape[:1], bound(self.gamma, fused.shape[1])),
            "changed": (fused.argmax(dim=1) != statistical.argmax(dim=1)).to(fused.dtype),
        }
        for name, correction in zip(self.regularised, self.corrections, strict=True):
            there = present[:, self.names.index(name)]
            found[f"sensitivity.{name}"] = torch.where(there, correction.norm(p), 0.0)  # type: ignore[operator]
        return found


def _solved(name: str, W: Tensor, gamma: float, solver: Solver) -> Correction | SylvesterCorrection:
    if solver == "eigen":
        return Correction(W, gamma)
    try:
        return SylvesterCorrection(W, gamma)
    except UsageError as error:
        where = f"fusion 'jacobian', option 'solver' is 'sylvester', but for {name!r}"
        raise UsageError(f"{where} {error}, use 'eigen'") from None


def _check(gamma: float, t_max: int) -> None:
    check_number("fusion 'jacobian'", "gamma", gamma, "a number in (0, 1]", above(0), 1)
    check_count("fusion 'jacobian'", "t_max", t_max)


def _regularised(modalities: str | list[str] | tuple[str, ...], known: Mapping[str, nn.Linear]) -> tuple[str, ...]:
    if modalities == "all":
        return tuple(known)
    names = tuple(dict.fromkeys(modalities)) if isinstance(modalities, list | tuple) else (modalities,)
    for name in names:
        if name not in known:
            raise UsageError(f"fusion 'jacobian', option 'modalities': {unknown('modality', str(name), known)}")
    if not names:
        raise UsageError(f"fusion 'jacobian', option 'modalities' is empty, expected 'all' or some of {list(known)}")
    return names
