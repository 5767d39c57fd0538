"""Sources that a report refers to: those of the methods, under short keys, and the author's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

Kind: TypeAlias = Literal["article", "paper", "book", "web", "standard", "software", "dataset"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A source. Authors are written "Surname, A. B."; `within` is a journal, a conference's proceedings or a site.

    A "paper" stands in proceedings or in an archive of preprints. `language` is that of the source itself.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "coerce_numbers_to_str": True}
    key: str
    kind: Kind
    title: str
    authors: tuple[str, ...] = ()
    within: str = ""
    year: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    publisher: str = ""
    city: str = ""
    doi: str = ""
    url: str = ""
    accessed: str = ""
    number: str = ""
    language: str = "en"


def _paper(key: str, authors: str, title: str, within: str, year: str, doi: str, pages: str = "") -> Reference:
    return Reference(key, "paper", title, _names(authors), within, year, pages=pages, doi=doi)


def _preprint(key: str, authors: str, title: str, year: str, number: str) -> Reference:
    return Reference(key, "paper", title, _names(authors), "arXiv", year, doi=f"10.48550/arXiv.{number}")


def _names(authors: str) -> tuple[str, ...]:
    return tuple(author.strip() for author in authors.split(";"))


METHODS: tuple[Reference, ...] = (
    _paper(
        "cam", "Zhou, B.; Khosla, A.; Lapedriza, A.; Oliva, A.; Torralba, A.",
        "Learning deep features for discriminative localization",
        "IEEE Conference on Computer Vision and Pattern Recognition", "2016", "10.1109/CVPR.2016.319", "2921–2929",
    ),
    _paper(
        "gradcam", "Selvaraju, R. R.; Cogswell, M.; Das, A.; Vedantam, R.; Parikh, D.; Batra, D.",
        "Grad-CAM: visual explanations from deep networks via gradient-based localization",
        "IEEE International Conference on Computer Vision", "2017", "10.1109/ICCV.2017.74", "618–626",
    ),
    _paper(
        "gradcam++", "Chattopadhay, A.; Sarkar, A.; Howlader, P.; Balasubramanian, V. N.",
        "Grad-CAM++: generalized gradient-based visual explanations for deep convolutional networks",
        "IEEE Winter Conference on Applications of Computer Vision", "2018", "10.1109/WACV.2018.00097", "839–847",
    ),
    _preprint(
        "xgradcam", "Fu, R.; Hu, Q.; Dong, X.; Guo, Y.; Gao, Y.; Li, B.",
        "Axiom-based Grad-CAM: towards accurate visualization and explanation of CNNs", "2020", "2008.02312",
    ),
    _preprint(
        "hirescam", "Draelos, R. L.; Carin, L.",
        "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks", "2020",
        "2011.08891",
    ),
    Reference(
        "layercam", "article", "LayerCAM: exploring hierarchical class activation maps for localization",
        _names("Jiang, P.-T.; Zhang, C.-B.; Hou, Q.; Cheng, M.-M.; Wei, Y."), "IEEE Transactions on Image Processing",
        "2021", volume="30", pages="5875–5888", doi="10.1109/TIP.2021.3089943",
    ),
    _paper(
        "eigencam", "Muhammad, M. B.; Yeasin, M.", "Eigen-CAM: class activation map using principal components",
        "International Joint Conference on Neural Networks", "2020", "10.1109/IJCNN48605.2020.9206626",
    ),
    _paper(
        "scorecam", "Wang, H.; Wang, Z.; Du, M.; Yang, F.; Zhang, Z.; Ding, S.; Mardziel, P.; Hu, X.",
        "Score-CAM: score-weighted visual explanations for convolutional neural networks",
        "IEEE/CVF Conference on Computer Vision and Pattern Recognition Workshops", "2020",
        "10.1109/CVPRW50498.2020.00020", "111–119",
    ),
    _paper(
        "ablationcam", "Desai, S.; Ramaswamy, H. G.",
        "Ablation-CAM: visual explanations for deep convolutional network via gradient-free localization",
        "IEEE Winter Conference on Applications of Computer Vision", "2020", "10.1109/WACV45572.2020.9093360",
        "972–980",
    ),
    _preprint(
        "saliency", "Simonyan, K.; Vedaldi, A.; Zisserman, A.",
        "Deep inside convolutional networks: visualising image classification models and saliency maps", "2013",
        "1312.6034",
    ),
    _preprint(
        "gradient-input", "Shrikumar, A.; Greenside, P.; Shcherbina, A.; Kundaje, A.",
        "Not just a black box: learning important features through propagating activation differences", "2016",
        "1605.01713",
    ),
    _preprint(
        "smoothgrad", "Smilkov, D.; Thorat, N.; Kim, B.; Viégas, F.; Wattenberg, M.",
        "SmoothGrad: removing noise by adding noise", "2017", "1706.03825",
    ),
    _preprint(
        "integrated", "Sundararajan, M.; Taly, A.; Yan, Q.", "Axiomatic attribution for deep networks", "2017",
        "1703.01365",
    ),
    _preprint(
        "guided", "Springenberg, J. T.; Dosovitskiy, A.; Brox, T.; Riedmiller, M.",
        "Striving for simplicity: the all convolutional net", "2014", "1412.6806",
    ),
    _paper(
        "deconvnet", "Zeiler, M. D.; Fergus, R.", "Visualizing and understanding convolutional networks",
        "European Conference on Computer Vision", "2014", "10.1007/978-3-319-10590-1_53", "818–833",
    ),
    _preprint(
        "rise", "Petsiuk, V.; Das, A.; Saenko, K.",
        "RISE: randomized input sampling for explanation of black-box models", "2018", "1806.07421",
    ),
    _preprint(
        "pointing", "Zhang, J.; Lin, Z.; Brandt, J.; Shen, X.; Sclaroff, S.",
        "Top-down neural attention by excitation backprop", "2016", "1608.00507",
    ),
    _preprint(
        "sanity", "Adebayo, J.; Gilmer, J.; Muelly, M.; Goodfellow, I.; Hardt, M.; Kim, B.",
        "Sanity checks for saliency maps", "2018", "1810.03292",
    ),
    Reference(
        "receptive-fields", "article", "Computing receptive fields of convolutional neural networks",
        _names("Araujo, A.; Norris, W.; Sim, J."), "Distill", "2019", volume="4", issue="11",
        doi="10.23915/distill.00021",
    ),
    Reference(
        "feature-visualization", "article", "Feature visualization",
        _names("Olah, C.; Mordvintsev, A.; Schubert, L."), "Distill", "2017", volume="2", issue="11",
        doi="10.23915/distill.00007",
    ),
    Reference(
        "glorot", "paper", "Understanding the difficulty of training deep feedforward neural networks",
        _names("Glorot, X.; Bengio, Y."), "International Conference on Artificial Intelligence and Statistics", "2010",
        pages="249–256", url="https://proceedings.mlr.press/v9/glorot10a.html",
    ),
    _paper(
        "he", "He, K.; Zhang, X.; Ren, S.; Sun, J.",
        "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
        "IEEE International Conference on Computer Vision", "2015", "10.1109/ICCV.2015.123", "1026–1034",
    ),
    _paper(
        "inversion", "Mahendran, A.; Vedaldi, A.", "Understanding deep image representations by inverting them",
        "IEEE Conference on Computer Vision and Pattern Recognition", "2015", "10.1109/CVPR.2015.7299155",
        "5188–5196",
    ),
    Reference(
        "deep-dream", "web", "Inceptionism: going deeper into neural networks",
        _names("Mordvintsev, A.; Olah, C.; Tyka, M."), "Google Research Blog", "2015",
        url="https://research.google/blog/inceptionism-going-deeper-into-neural-networks/",
    ),
    Reference(
        "keras", "software", "Keras: deep learning for humans", _names("Chollet, F."), "", "2015",
        url="https://keras.io",
    ),
    Reference(
        "tensorflow", "paper", "TensorFlow: a system for large-scale machine learning",
        _names("Abadi, M.; Barham, P.; Chen, J.; Chen, Z.; Davis, A.; Dean, J.; Devin, M."),
        "USENIX Symposium on Operating Systems Design and Implementation", "2016", pages="265–283",
        url="https://www.usenix.org/conference/osdi16/technical-sessions/presentation/abadi",
    ),
)
KNOWN: dict[str, Reference] = {reference.key: reference for reference in METHODS}
"""The sources of the methods by their keys."""
