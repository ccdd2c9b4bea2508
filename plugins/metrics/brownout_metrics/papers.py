"""Where the metrics and summaries come from."""

from brownout_registry import Paper

GUO = Paper(
    title="On Calibration of Modern Neural Networks",
    year=2017,
    url="https://arxiv.org/abs/1706.04599",
    bibtex="""@inproceedings{guo2017calibration,
  title = {On Calibration of Modern Neural Networks},
  author = {Guo, Chuan and Pleiss, Geoff and Sun, Yu and Weinberger, Kilian Q.},
  booktitle = {International Conference on Machine Learning},
  year = {2017}
}""",
)

QIU = Paper(
    title="Benchmarking Robustness of Multimodal Image-Text Models under Distribution Shift",
    year=2022,
    url="https://arxiv.org/abs/2212.08044",
    bibtex="""@article{qiu2022benchmarking,
  title = {Benchmarking Robustness of Multimodal Image-Text Models under Distribution Shift},
  author = {Qiu, Jielin and Zhu, Yi and Shi, Xingjian and Wenzel, Florian and Tang, Zhiqiang and Zhao, Ding
            and Li, Bo and Li, Mu},
  journal = {arXiv preprint arXiv:2212.08044},
  year = {2022}
}""",
)

WEI = Paper(
    title="Robust Multimodal Learning via Representation Decoupling",
    year=2024,
    url="https://arxiv.org/abs/2407.04458",
    bibtex="""@inproceedings{wei2024robust,
  title = {Robust Multimodal Learning via Representation Decoupling},
  author = {Wei, Shicai and Luo, Yang and Wang, Yuji and Luo, Chunbo},
  booktitle = {European Conference on Computer Vision},
  year = {2024}
}""",
)

MICHAELIS = Paper(
    title="Benchmarking Robustness in Object Detection: Autonomous Driving when Winter is Coming",
    year=2019,
    url="https://arxiv.org/abs/1907.07484",
    bibtex="""@misc{michaelis2019winter,
  title = {Benchmarking Robustness in Object Detection: Autonomous Driving when Winter is Coming},
  author = {Michaelis, Claudio and Mitzkus, Benjamin and Geirhos, Robert and Rusak, Evgenia and Bringmann, Oliver
            and Ecker, Alexander S. and Bethge, Matthias and Brendel, Wieland},
  year = {2019},
  eprint = {1907.07484},
  archivePrefix = {arXiv}
}""",
)

LIANG = Paper(
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
