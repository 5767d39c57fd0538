"""Static reports about convolutional neural networks, in Ukrainian and in English."""

__version__ = "0.1.0"
