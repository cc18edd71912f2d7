# SPDX-License-Identifier: GPL-3.0-or-later
"""A learning rule of one's own, circuit in the loop: a perceptron by pulses.  Where the output of an
image is on the wrong side, every device of a lit pixel gets a pulse, SET or RESET.  It learns the two
images and all that differ from them in one pixel.  Usage: own_rule.py [SEEDS]"""
import sys

import silverbar

SET, RESET, WIDTH, EPOCHS = 0.30, -0.15, 1e-3, 40


def variants(image):
    """The image, and it with each pixel in turn the other way."""
    return [image] + [[1 - x if i == k else x for i, x in enumerate(image)]
                      for k in range(len(image))]


def train(t):
    """Epochs until all images are right, or None."""
    images = [(variant, wanted) for wanted in (0, 1) for image in t.images(wanted)
              for variant in variants(image)]
    places = [t.place(device) for device in range(t.devices)]
    for device, (layer, _, _) in enumerate(places):
        for _ in range(8 * layer):  # all hidden neurons speak for class 1
            t.pulse(device, SET, WIDTH)
    for epoch in range(EPOCHS):
        wrong = 0
        for image, wanted in images:
            error = wanted - t.show(image)[0]
            if abs(error) < 0.5:
                continue
            wrong += 1
            for device, (layer, row, _) in enumerate(places):
                if layer == 0 and image[row] > 0:
                    t.pulse(device, SET if error > 0 else RESET, WIDTH)
        if not wrong:
            return epoch
    return None


if __name__ == "__main__":
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    learned = 0
    for seed in range(1, seeds + 1):
        with silverbar.Training(settings={"seed": seed, "engine.name": "event"}) as t:
            epochs = train(t)
            learned += epochs is not None
            classes = [t.energy(energy_class=name) for name in
                       ("memristor", "select", "line", "reference", "neuron", "driver")]
            print(f"seed {seed}: {epochs} epochs, {t.time:.4f} s, {t.delivered():.6e} J delivered, "
                  f"{sum(classes):.6e} J absorbed, of it {classes[0]:.4e} J by memristors")
    print(f"learned on {learned} of {seeds} seeds")
    sys.exit(learned < seeds)
