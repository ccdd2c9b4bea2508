"""Demands on encoders: weights that are stored and trained."""

from __future__ import annotations

import torch
from safetensors.torch import load, save

from brownout.conformance.demands import demand, told
from brownout.conformance.demands.encoder_form import built
from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import inputs_of, modality_of_kind


@torch.no_grad()
def weights_round_trip(subject: Subject) -> None:
    """Into another encoder, built under another seed, that never saw training inputs."""
    for kind, module in built(subject):
        with told(f"for {kind}"):
            inputs = inputs_of(kind)
            expected = module.eval()(inputs)
            stored = save({name: tensor.clone().contiguous() for name, tensor in module.state_dict().items()})
            torch.manual_seed(99)
            other = subject.build(modality_of_kind(kind))
            other.load_state_dict(load(stored))
            found = other.eval()(inputs)
            message = (
                f"for {kind}, an encoder with the stored weights differs: statistics of prepare belong into buffers"
            )
            demand(torch.equal(found, expected), message)


def gradients_reach_parameters(subject: Subject) -> None:
    """Of a random projection of the representations, in training."""
    for kind, module in built(subject):
        with told(f"for {kind}"):
            parameters = {name: each for name, each in module.named_parameters() if each.requires_grad}
            if not parameters:
                raise NotApplicable("it has no parameter that requires a gradient")
            out = module(inputs_of(kind))
            (out * torch.randn(out.shape, generator=torch.Generator().manual_seed(0))).sum().backward()
            for name, parameter in parameters.items():
                demand(parameter.grad is not None, f"for {kind}, no gradient reaches parameter {name!r}")
                finite = parameter.grad is None or bool(torch.isfinite(parameter.grad).all())
                demand(finite, f"for {kind}, the gradient of parameter {name!r} is not finite")
