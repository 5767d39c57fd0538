"""The tutorial's way: five figures of 64 subplots each, one for every block of VGG16, and no more."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import matplotlib as mpl  # noqa: E402
import numpy as np  # noqa: E402

mpl.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

folder = Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
model = keras.models.load_model(sys.argv[1], compile=False)
ends = [model.get_layer(f"block{block}_conv{2 if block < 3 else 3}").output for block in range(1, 6)]
image = np.random.default_rng(0).uniform(0, 255, (1, 224, 224, 3)).astype("float32")
for number, maps in enumerate(keras.Model(model.inputs, ends).predict(image, verbose=0), 1):
    for position in range(64):
        axes = plt.subplot(8, 8, position + 1)
        axes.set_xticks([])
        axes.set_yticks([])
        plt.imshow(maps[0, :, :, position], cmap="gray")
    plt.savefig(folder / f"block{number}.png")
    plt.close()
