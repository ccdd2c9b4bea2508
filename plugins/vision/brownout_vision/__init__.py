"""Encoders of images (LeNet-5, a six-layer CNN, every timm model) and the corruptions of ImageNet-C."""
