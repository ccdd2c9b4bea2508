"""Where the perturbations come from."""

from brownout_registry import Paper

IMAGENET_C = Paper(
    title="Benchmarking Neural Network Robustness to Common Corruptions and Perturbations",
    year=2019,
    url="https://arxiv.org/abs/1903.12261",
    bibtex="""@inproceedings{hendrycks2019robustness,
  title = {Benchmarking Neural Network Robustness to Common Corruptions and Perturbations},
  author = {Hendrycks, Dan and Dietterich, Thomas},
  booktitle = {International Conference on Learning Representations},
  year = {2019}
}""",
)

JACOBIAN = Paper(
    title="Training-Free Robust Multimodal Learning via Sample-Wise Jacobian Regularization",
    year=2022,
    url="https://arxiv.org/abs/2204.02485",
    bibtex="""@misc{gao2022trainingfree,
  title = {Training-Free Robust Multimodal Learning via Sample-Wise Jacobian Regularization},
  author = {Gao, Zhengqi and Ren, Sucheng and Xue, Zihui and Li, Siting and Zhao, Hang},
  year = {2022},
  eprint = {2204.02485},
  archivePrefix = {arXiv}
}""",
)
