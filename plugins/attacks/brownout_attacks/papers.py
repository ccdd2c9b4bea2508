"""Where the attacks come from."""

from brownout_registry import Paper

GOODFELLOW = Paper(
    title="Explaining and Harnessing Adversarial Examples",
    year=2015,
    url="https://arxiv.org/abs/1412.6572",
    bibtex="""@inproceedings{goodfellow2015explaining,
  title = {Explaining and Harnessing Adversarial Examples},
  author = {Goodfellow, Ian J. and Shlens, Jonathon and Szegedy, Christian},
  booktitle = {International Conference on Learning Representations},
  year = {2015}
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
CROCE = Paper(
    title="Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
    year=2020,
    url="https://arxiv.org/abs/2003.01690",
    bibtex="""@inproceedings{croce2020reliable,
  title = {Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks},
  author = {Croce, Francesco and Hein, Matthias},
  booktitle = {International Conference on Machine Learning},
  pages = {2206--2216},
  year = {2020}
}""",
)
ANDRIUSHCHENKO = Paper(
    title="Square Attack: a query-efficient black-box adversarial attack via random search",
    year=2020,
    url="https://arxiv.org/abs/1912.00049",
    bibtex="""@inproceedings{andriushchenko2020square,
  title = {Square Attack: a query-efficient black-box adversarial attack via random search},
  author = {Andriushchenko, Maksym and Croce, Francesco and Flammarion, Nicolas and Hein, Matthias},
  booktitle = {European Conference on Computer Vision},
  pages = {484--501},
  year = {2020}
}""",
)
CARLINI = Paper(
    title="Towards Evaluating the Robustness of Neural Networks",
    year=2017,
    url="https://arxiv.org/abs/1608.04644",
    bibtex="""@inproceedings{carlini2017towards,
  title = {Towards Evaluating the Robustness of Neural Networks},
  author = {Carlini, Nicholas and Wagner, David},
  booktitle = {IEEE Symposium on Security and Privacy},
  pages = {39--57},
  year = {2017}
}""",
)
LI = Paper(
    title="BERT-ATTACK: Adversarial Attack Against BERT Using BERT",
    year=2020,
    url="https://arxiv.org/abs/2004.09984",
    bibtex="""@inproceedings{li2020bertattack,
  title = {{BERT-ATTACK}: Adversarial Attack Against {BERT} Using {BERT}},
  author = {Li, Linyang and Ma, Ruotian and Guo, Qipeng and Xue, Xiangyang and Qiu, Xipeng},
  booktitle = {Proceedings of the Conference on Empirical Methods in Natural Language Processing},
  pages = {6193--6202},
  year = {2020}
}""",
)
