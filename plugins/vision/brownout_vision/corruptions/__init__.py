"""The corruptions of ImageNet-C and CIFAR-C, and occlusion, on batches of image-like tensors on any device."""
