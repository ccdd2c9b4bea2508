"""Where the recipes come from."""

from brownout_registry import Paper

NEVEROVA = Paper(
    title="ModDrop: Adaptive Multi-Modal Gesture Recognition",
    year=2016,
    url="https://arxiv.org/abs/1501.00102",
    bibtex="""@article{neverova2016moddrop,
  title = {{ModDrop}: Adaptive Multi-Modal Gesture Recognition},
  author = {Neverova, Natalia and Wolf, Christian and Taylor, Graham and Nebout, Florian},
  journal = {IEEE Transactions on Pattern Analysis and Machine Intelligence},
  volume = {38},
  number = {8},
  pages = {1692--1706},
  year = {2016}
}""",
)
MADRY = Paper(
    title="Towards Deep Learning Models Resistant to Adversarial Attacks",
    year=2018,
    url="https://arxiv.org/abs/1706.06083",
    bibtex="""@inproceedings{madry2018towards,
  title = {Towards Deep Learning Models Resistant to Adversarial Attacks},
  author = {Madry, Aleksander and Makelov, Aleksandar and Schmidt, Ludwig and Tsipras, Dimitris and Vladu, Adrian},
  booktitle = {International Conference on Learning Representations},
  year = {2018}
}""",
)
SHAFAHI = Paper(
    title="Adversarial Training for Free!",
    year=2019,
    url="https://arxiv.org/abs/1904.12843",
    bibtex="""@inproceedings{shafahi2019adversarial,
  title = {Adversarial Training for Free!},
  author = {Shafahi, Ali and Najibi, Mahyar and Ghiasi, Amin and Xu, Zheng and Dickerson, John
            and Studer, Christoph and Davis, Larry S. and Taylor, Gavin and Goldstein, Tom},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {32},
  pages = {3358--3369},
  year = {2019}
}""",
)
ZHENG = Paper(
    title="Improving the Robustness of Deep Neural Networks via Stability Training",
    year=2016,
    url="https://arxiv.org/abs/1604.04326",
    bibtex="""@inproceedings{zheng2016improving,
  title = {Improving the Robustness of Deep Neural Networks via Stability Training},
  author = {Zheng, Stephan and Song, Yang and Leung, Thomas and Goodfellow, Ian},
  booktitle = {Proceedings of the IEEE Conference on Computer Vision and Pattern Recognition},
  pages = {4480--4488},
  year = {2016}
}""",
)
ZHANG = Paper(
    title="mixup: Beyond Empirical Risk Minimization",
    year=2018,
    url="https://arxiv.org/abs/1710.09412",
    bibtex="""@inproceedings{zhang2018mixup,
  title = {mixup: Beyond Empirical Risk Minimization},
  author = {Zhang, Hongyi and Cisse, Moustapha and Dauphin, Yann N. and Lopez-Paz, David},
  booktitle = {International Conference on Learning Representations},
  year = {2018}
}""",
)
