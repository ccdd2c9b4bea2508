"""Where the protocols come from."""

from __future__ import annotations

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
DMRNET = Paper(
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
