"""Encoders of images: LeNet-5, a six-layer CNN and every timm model."""
