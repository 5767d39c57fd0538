"""Attention: which parts of an image a network's answer rests on. NumPy only; the network is asked through `Probe`.

    wishes     what a user may ask for, as a text
    goals      what is to be explained: a class, a side, a region, a unit
    cam        maps from what a layer said and how the score depends on it
    gradients  maps from how the score depends on the input
    hiding     maps from what the score loses when parts of the image are hidden
    methods    every method with its name, formula and paper, and the group it belongs to
    maps       the maps of one image, each made once
    evidence   how far a map can be believed
"""
