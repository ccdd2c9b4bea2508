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
    bibtex="""@article{gao2022trainingfree,
  title = {Training-Free Robust Multimodal Learning via Sample-Wise {Jacobian} Regularization},
  author = {Gao, Zhengqi and Ren, Sucheng and Xue, Zihui and Li, Siting and Zhao, Hang},
  journal = {arXiv preprint arXiv:2204.02485},
  year = {2022}
}""",
)

MULTIBENCH = Paper(
    title="MultiBench: Multiscale Benchmarks for Multimodal Representation Learning",
    year=2021,
    url="https://arxiv.org/abs/2107.07502",
    bibtex="""@misc{liang2021multibench,
  title = {{MultiBench}: Multiscale Benchmarks for Multimodal Representation Learning},
  author = {Liang, Paul Pu and Lyu, Yiwei and Fan, Xiang and Wu, Zetian and Cheng, Yun and Wu, Jason and Chen, Leslie
            and Wu, Peter and Lee, Michelle A. and Zhu, Yuke and Salakhutdinov, Ruslan and Morency, Louis-Philippe},
  year = {2021},
  eprint = {2107.07502},
  archivePrefix = {arXiv}
}""",
)

UM = Paper(
    title="Data Augmentation of Wearable Sensor Data for Parkinson's Disease Monitoring using Convolutional Neural "
    "Networks",
    year=2017,
    url="https://arxiv.org/abs/1706.00527",
    bibtex="""@inproceedings{um2017data,
  title = {Data Augmentation of Wearable Sensor Data for {Parkinson's} Disease Monitoring using Convolutional Neural
           Networks},
  author = {Um, Terry T. and Pfister, Franz M. J. and Pichler, Daniel and Endo, Satoshi and Lang, Muriel
            and Hirche, Sandra and Fietzek, Urban and Kuli{\\'c}, Dana},
  booktitle = {International Conference on Multimodal Interaction},
  year = {2017}
}""",
)

IWANA = Paper(
    title="An Empirical Survey of Data Augmentation for Time Series Classification with Neural Networks",
    year=2021,
    url="https://arxiv.org/abs/2007.15951",
    bibtex="""@article{iwana2021empirical,
  title = {An Empirical Survey of Data Augmentation for Time Series Classification with Neural Networks},
  author = {Iwana, Brian Kenji and Uchida, Seiichi},
  journal = {PLOS ONE},
  volume = {16},
  number = {7},
  year = {2021}
}""",
)
