"""Images made to order: what a unit, a class or a layer wants to see. NumPy only; slopes are asked of `Probe`.

Four choices that do not know of each other, as in lucid (Olah et al. 2017, doi:10.23915/distill.00007):

    objectives  what is to rise
    canvases    how an image is written down: pixels or waves, colours as they are or decorrelated
    wobbles     what the image must survive: shifts, scales, turns
    penalties   what an image should not be: rough, loud

    recipes     named settings of all of them
    plans       how many of them an effort pays for
    climbing    the loop
    seeking     many units in few batches, the cure for those that do not rise, what is kept between runs
    dreaming    a photograph in which a layer is made louder, octave by octave
    inverting   an image with the same code as a given one
"""
