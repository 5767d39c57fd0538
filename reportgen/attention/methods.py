"""Every method with its words, formula and paper, and the one place where its map is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from reportgen.report.document import Formula
from reportgen.text import Message, Text, _

Family: TypeAlias = Literal["cam", "gradient", "rule", "hiding"]
MethodName: TypeAlias = Literal[
    "gradcam", "gradcam_plus_plus", "xgradcam", "hirescam", "layercam", "eigencam", "scorecam", "ablationcam",
    "guided_gradcam", "saliency", "gradient_input", "smoothgrad", "vargrad", "integrated_gradients", "guided",
    "deconvnet", "occlusion", "rise",
]
"""What a user may name; the keys of `METHODS`."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way of explaining. `signed` maps have values of both signs: for and against.

    `cost` is "pass" for what one backward pass gives, "passes" for what takes several of them, "trials" for what
    takes many forward passes.
    """

    name: str
    title: Text
    family: Family
    about: Message
    formula: Formula
    paper: str
    signed: bool = False
    cost: Literal["pass", "passes", "trials"] = "pass"


_PARTS = _(
    "where A is what the layer said (K channels, Z places, a place is i), S is the class's score before softmax or the "
    "sigmoid, and L is the map"
)


def _cam(name: str, title: str, tex: str, paper: str, about: Message, where: Message | None = None) -> Method:
    return Method(name, title, "cam", about, Formula(tex, where), paper)


METHODS: Mapping[str, Method] = {method.name: method for method in (
    _cam(
        "gradcam", "Grad-CAM",
        r"L_{\mathrm{GradCAM}}(i)=\mathrm{ReLU}\left(\sum_{k=1}^{K}\left(\frac{1}{Z}\sum_{j=1}^{Z}"
        r"\frac{\partial S}{\partial A_k(j)}\right)A_k(i)\right)",
        "Selvaraju et al. 2017, arXiv:1610.02391",
        _("Adds up the layer's channels, each by its mean gradient: how much the score rises when the channel does."),
        _PARTS,
    ),
    _cam(
        "gradcam_plus_plus", "Grad-CAM++",
        r"w_k=\sum_{i=1}^{Z}\frac{1}{2+g_k(i)\sum_{j=1}^{Z}A_k(j)}\;\mathrm{ReLU}(g_k(i)),\qquad "
        r"g_k(i)=\frac{\partial S}{\partial A_k(i)}",
        "Chattopadhay et al. 2018, arXiv:1710.11063",
        _("Weights each place's gradient so that several objects of one class, or small ones, count as much as one "
          "large one."),
        _("where w are the weights of the channels, used in place of Grad-CAM's mean gradients, and g are the "
          "gradients"),
    ),
    _cam(
        "xgradcam", "XGrad-CAM", r"w_k=\sum_{i=1}^{Z}\frac{A_k(i)}{\sum_{j=1}^{Z}A_k(j)}\;g_k(i)",
        "Fu et al. 2020, arXiv:2008.02312",
        _("Weights a channel's gradients by where the channel answered, which keeps the sum of the map close to the "
          "score."),
        _("where w are the weights of the channels and g are the gradients"),
    ),
    _cam(
        "hirescam", "HiResCAM", r"L_{\mathrm{HiResCAM}}(i)=\mathrm{ReLU}\left(\sum_{k=1}^{K}g_k(i)\,A_k(i)\right)",
        "Draelos and Carin 2020, arXiv:2011.08891",
        _("Takes each place by its own gradient, so it shows only places that really raised the score."),
    ),
    _cam(
        "layercam", "LayerCAM",
        r"L_{\mathrm{LayerCAM}}(i)=\mathrm{ReLU}\left(\sum_{k=1}^{K}\mathrm{ReLU}(g_k(i))\,A_k(i)\right)",
        "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943",
        _("Like HiResCAM without the gradients that speak against the class; it stays sharp in early layers."),
    ),
    _cam(
        "eigencam", "EigenCAM", r"L_{\mathrm{EigenCAM}}=\mathrm{ReLU}(A\,v_1),\qquad A=U\Sigma V^{T}",
        "Muhammad and Yeasin 2020, arXiv:2008.00299",
        _("The strongest pattern of the layer's answers, whatever the class: it asks for no gradient and is the same "
          "for every class."),
        _("where A are the answers as a matrix of places by channels and v is its first right singular vector"),
    ),
    Method(
        "scorecam", "Score-CAM", "cam",
        _("Shows the network the image through each channel's map in turn, and weights the channel by the score that "
          "comes back."),
        Formula(
            r"w_k=\frac{e^{\Delta_k}}{\sum_{j}e^{\Delta_j}},\qquad \Delta_k=S(x\odot H_k)-S(x_0)",
            _("where H is a channel's map, stretched to 0…1 and enlarged to the image x, and x₀ is the fully hidden "
              "image"),
        ),
        "Wang et al. 2020, arXiv:1910.01279", cost="trials",
    ),
    Method(
        "ablationcam", "Ablation-CAM", "cam",
        _("Silences each channel in turn and weights it by what the score loses."),
        Formula(
            r"w_k=S-S_{A_k=0}",
            _("where the second term is the score when channel k says nothing; the common factor 1/S of the paper "
              "changes only the scale and is left out"),
        ),
        "Desai and Ramaswamy 2020, doi:10.1109/WACV45572.2020.9093360", cost="trials",
    ),
    Method(
        "guided_gradcam", "Guided Grad-CAM", "cam",
        _("Guided backpropagation seen through Grad-CAM: fine detail, but only where the class is."),
        Formula(
            r"L_{\mathrm{guided}}(p)=\max_c\,|G_c(p)|\;\cdot\;L_{\mathrm{GradCAM}}(p)",
            _("where G is the guided gradient of the colour c at the pixel p, and Grad-CAM is enlarged to the image"),
        ),
        "Selvaraju et al. 2017, arXiv:1610.02391",
    ),
    Method(
        "saliency", _("Saliency"), "gradient",
        _("The gradient of the score by the pixels: where a small change would change the score most."),
        Formula(
            r"M(p)=\max_c\left|\frac{\partial S}{\partial x_c(p)}\right|",
            _("where x are the values fed to the network, p is a pixel and c a colour channel; the absolute value is "
              "taken before the maximum"),
        ),
        "Simonyan et al. 2014, arXiv:1312.6034",
    ),
    Method(
        "gradient_input", _("Gradient × input"), "gradient",
        _("The gradient times the value itself: how much of the score the pixel brings, if the network were linear."),
        Formula(r"M(p)=\sum_c x_c(p)\,\frac{\partial S}{\partial x_c(p)}"),
        "Shrikumar et al. 2016, arXiv:1605.01713", signed=True,
    ),
    Method(
        "smoothgrad", "SmoothGrad", "gradient",
        _("The mean gradient of noisy copies of the image: what stays is less grainy than a single gradient."),
        Formula(
            r"M(p)=\max_c\left|\frac{1}{n}\sum_{i=1}^{n}\frac{\partial S(x+\varepsilon_i)}{\partial x_c(p)}\right|,"
            r"\qquad \varepsilon\sim N(0,\sigma^2)",
            _("where n is the number of noisy copies and σ the deviation of the noise"),
        ),
        "Smilkov et al. 2017, arXiv:1706.03825", cost="passes",
    ),
    Method(
        "vargrad", "VarGrad", "gradient",
        _("How much the gradients of the noisy copies differ: large at edges on which the answer hinges."),
        Formula(r"M(p)=\sum_c\mathrm{Var}_i\left(\frac{\partial S(x+\varepsilon_i)}{\partial x_c(p)}\right)"),
        "Adebayo et al. 2018, arXiv:1810.03307", cost="passes",
    ),
    Method(
        "integrated_gradients", _("Integrated gradients"), "gradient",
        _("Adds up the gradient along the way from an empty image to this one; the map's sum is the rise of the "
          "score."),
        Formula(
            r"M(p)=\sum_c(x_c(p)-x^{0}_c(p))\int_0^1\frac{\partial S(x^{0}+t(x-x^{0}))}{\partial x_c(p)}\,dt",
            _("where x⁰ is the baseline; the integral is a sum of equal steps taken at their midpoints"),
        ),
        "Sundararajan et al. 2017, arXiv:1703.01365", signed=True, cost="passes",
    ),
    Method(
        "guided", _("Guided backpropagation"), "rule",
        _("A gradient that passes a ReLU only where both the answer and the gradient are positive."),
        Formula(
            r"R^{l}=(a^{l}>0)\cdot(R^{l+1}>0)\cdot R^{l+1}",
            _("where a is what entered the ReLU of layer l and R is the signal on its way back"),
        ),
        "Springenberg et al. 2015, arXiv:1412.6806",
    ),
    Method(
        "deconvnet", _("Deconvnet rule"), "rule",
        _("A gradient that passes a ReLU only where the gradient itself is positive, whatever the ReLU answered."),
        Formula(r"R^{l}=(R^{l+1}>0)\cdot R^{l+1}"),
        "Zeiler and Fergus 2014, arXiv:1311.2901",
    ),
    Method(
        "occlusion", _("Occlusion"), "hiding",
        _("Hides a window of the image, moves it over the whole, and notes what the score loses."),
        Formula(
            r"M(p)=\frac{1}{|W_p|}\sum_{w\in W_p}(S(x)-S(x_{w}))",
            _("where the sum is over the windows w that hide the pixel p"),
        ),
        "Zeiler and Fergus 2014, arXiv:1311.2901", signed=True, cost="trials",
    ),
    Method(
        "rise", "RISE", "hiding",
        _("Shows the image through random masks: a pixel counts by how confident the network is when it is seen."),
        Formula(
            r"M(p)=\frac{\sum_{i}f(x\odot m_i)\,m_i(p)}{\sum_{i}m_i(p)}",
            _("where m are the random masks and f is the network's confidence"),
        ),
        "Petsiuk et al. 2018, arXiv:1806.07421", cost="trials",
    ),
)}


def of_family(*families: Family) -> tuple[str, ...]:
    """The names of the methods of these families, in the order in which they are shown."""
    return tuple(name for name, method in METHODS.items() if method.family in families)


def formulas(names: Sequence[str]) -> tuple[Formula, ...]:
    """The formulas of these methods, each under the method's name."""
    return tuple(dataclasses.replace(METHODS[name].formula, title=METHODS[name].title) for name in names)
