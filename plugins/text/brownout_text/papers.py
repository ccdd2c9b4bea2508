"""Where the encoders and perturbations come from."""

from __future__ import annotations

from brownout_registry import Paper

WOLF = Paper(
    title="Transformers: State-of-the-Art Natural Language Processing",
    year=2020,
    url="https://aclanthology.org/2020.emnlp-demos.6",
    bibtex="""@inproceedings{wolf2020transformers,
  title = {Transformers: State-of-the-Art Natural Language Processing},
  author = {Wolf, Thomas and Debut, Lysandre and Sanh, Victor and Chaumond, Julien and Delangue, Clement and others},
  booktitle = {Proceedings of the 2020 Conference on Empirical Methods in Natural Language Processing:
               System Demonstrations},
  pages = {38--45},
  year = {2020}
}""",
)
BOJANOWSKI = Paper(
    title="Enriching Word Vectors with Subword Information",
    year=2017,
    url="https://aclanthology.org/Q17-1010",
    bibtex="""@article{bojanowski2017enriching,
  title = {Enriching Word Vectors with Subword Information},
  author = {Bojanowski, Piotr and Grave, Edouard and Joulin, Armand and Mikolov, Tomas},
  journal = {Transactions of the Association for Computational Linguistics},
  volume = {5},
  pages = {135--146},
  year = {2017}
}""",
)
QMF = Paper(
    title="Provable Dynamic Fusion for Low-Quality Multimodal Data",
    year=2023,
    url="https://arxiv.org/abs/2306.02050",
    bibtex="""@inproceedings{zhang2023provable,
  title = {Provable Dynamic Fusion for Low-Quality Multimodal Data},
  author = {Zhang, Qingyang and Wu, Haitao and Zhang, Changqing and Hu, Qinghua and Fu, Huazhu
            and Zhou, Joey Tianyi and Peng, Xi},
  booktitle = {International Conference on Machine Learning},
  year = {2023}
}""",
)
RAML = Paper(
    title="Redundancy-Adaptive Multimodal Learning for Imperfect Data",
    year=2023,
    url="https://arxiv.org/abs/2310.14496",
    bibtex="""@misc{chen2023redundancy,
  title = {Redundancy-Adaptive Multimodal Learning for Imperfect Data},
  author = {Chen, Mengxi and Yao, Jiangchao and Xing, Linyu and Wang, Yu and Zhang, Ya and Wang, Yanfeng},
  year = {2023},
  eprint = {2310.14496},
  archivePrefix = {arXiv}
}""",
)
MM_ROBUSTNESS = Paper(
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
EDA = Paper(
    title="EDA: Easy Data Augmentation Techniques for Boosting Performance on Text Classification Tasks",
    year=2019,
    url="https://aclanthology.org/D19-1670",
    bibtex="""@inproceedings{wei2019eda,
  title = {{EDA}: Easy Data Augmentation Techniques for Boosting Performance on Text Classification Tasks},
  author = {Wei, Jason and Zou, Kai},
  booktitle = {Proceedings of the 2019 Conference on Empirical Methods in Natural Language Processing and the
               9th International Joint Conference on Natural Language Processing},
  pages = {6382--6388},
  year = {2019}
}""",
)
AEDA = Paper(
    title="AEDA: An Easier Data Augmentation Technique for Text Classification",
    year=2021,
    url="https://aclanthology.org/2021.findings-emnlp.234",
    bibtex="""@inproceedings{karimi2021aeda,
  title = {{AEDA}: An Easier Data Augmentation Technique for Text Classification},
  author = {Karimi, Akbar and Rossi, Leonardo and Prati, Andrea},
  booktitle = {Findings of the Association for Computational Linguistics: EMNLP 2021},
  pages = {2748--2754},
  year = {2021}
}""",
)
