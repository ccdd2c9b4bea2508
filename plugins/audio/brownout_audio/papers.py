"""Where the encoders and perturbations come from."""

from brownout_registry import Paper

DAVIS = Paper(
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

AVROBUSTBENCH = Paper(
    title="AVROBUSTBENCH: Benchmarking the Robustness of Audio-Visual Recognition Models at Test-Time",
    year=2025,
    url="https://arxiv.org/abs/2506.00358",
    bibtex="""@misc{maharana2025avrobustbench,
  title = {{AVROBUSTBENCH}: Benchmarking the Robustness of Audio-Visual Recognition Models at Test-Time},
  author = {Maharana, Sarthak Kumar and Kushwaha, Saksham Singh and Zhang, Baoming and Rodriguez, Adrian
            and Wei, Songtao and Tian, Yapeng and Guo, Yunhui},
  year = {2025},
  eprint = {2506.00358},
  archivePrefix = {arXiv}
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

SPECAUGMENT = Paper(
    title="SpecAugment: A Simple Data Augmentation Method for Automatic Speech Recognition",
    year=2019,
    url="https://arxiv.org/abs/1904.08779",
    bibtex="""@inproceedings{park2019specaugment,
  title = {{SpecAugment}: A Simple Data Augmentation Method for Automatic Speech Recognition},
  author = {Park, Daniel S. and Chan, William and Zhang, Yu and Chiu, Chung-Cheng and Zoph, Barret
            and Cubuk, Ekin D. and Le, Quoc V.},
  booktitle = {Interspeech},
  year = {2019}
}""",
)

MOORER = Paper(
    title="About This Reverberation Business",
    year=1979,
    url="https://doi.org/10.2307/3680280",
    bibtex="""@article{moorer1979about,
  title = {About This Reverberation Business},
  author = {Moorer, James A.},
  journal = {Computer Music Journal},
  volume = {3},
  number = {2},
  pages = {13--28},
  year = {1979}
}""",
)
