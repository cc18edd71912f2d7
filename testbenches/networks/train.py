#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the networks of this folder and writes them as ONNX files.

    apt install python3-torch dataset-fashion-mnist
    python3 train.py            cnn.onnx and mlp.onnx, for Fashion-MNIST: a quarter of an hour
    python3 train.py shapes     shapes.onnx with its images and labels, which the tests use: seconds

The files that this folder holds came from Debian 12's PyTorch 1.13.1 on one thread; other versions give
networks that differ in their last digits.  silverbar itself does not need PyTorch.
"""
import gzip
import sys

import numpy
import torch
from torch import nn

DATA = "/usr/share/datasets/fashion-mnist/"
SEED = 1


def read_idx(name):
    """An IDX file: two zero bytes, type, number of dimensions, dimensions, data."""
    with gzip.open(DATA + name) as file:
        content = file.read()
    dims = numpy.frombuffer(content, ">u4", content[3], 4)
    return numpy.frombuffer(content, numpy.uint8, offset=4 + 4 * len(dims)).reshape(dims)


def write_idx(name, array):
    """Bytes as an IDX file."""
    with open(name, "wb") as file:
        file.write(bytes([0, 0, 8, array.ndim]))
        file.write(numpy.array(array.shape, ">u4").tobytes())
        file.write(array.astype(numpy.uint8).tobytes())


def fashion():
    """Images n x 1 x 28 x 28 from 0 to 1 and labels: training, test."""
    sets = []
    for kind in "train", "t10k":
        images = torch.from_numpy(read_idx(kind + "-images-idx3-ubyte.gz").copy())
        labels = torch.from_numpy(read_idx(kind + "-labels-idx1-ubyte.gz").copy())
        sets.append((images.float().div(255).unsqueeze(1), labels.long()))
    return sets


def convolutional():
    """105,866 parameters: two convolutions with normalization and pooling, two full layers."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 49, 64), nn.ReLU(), nn.Linear(64, 10))


def perceptron():
    """784-128-10."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def shapes(n, generator):
    """Images 1 x 8 x 8 of a row, a column, a diagonal or a frame among noise, and which it is."""
    labels = generator.integers(0, 4, n)
    images = generator.uniform(0, 0.5, (n, 8, 8))
    for image, label in zip(images, labels):
        k = generator.integers(0, 8)
        if label == 0:
            image[k, :] += 0.5
        elif label == 1:
            image[:, k] += 0.5
        elif label == 2:
            image[range(8), [(k + i) % 8 for i in range(8)]] += 0.5
        else:
            side = 2 + k % 3
            image[side - 2:10 - side, [side - 2, 9 - side]] += 0.25
            image[[side - 2, 9 - side], side - 2:10 - side] += 0.25
    return numpy.floor(255 * images.clip(0, 1)).astype(numpy.uint8), labels.astype(numpy.uint8)


def small():
    """Two convolutions, of which the second has two groups, and a full layer."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, groups=2), nn.ReLU(), nn.Flatten(), nn.Linear(32, 4))


def accuracy(network, images, labels):
    """Share of right answers."""
    network.eval()
    with torch.no_grad():
        right = sum((network(images[k:k + 1000]).argmax(1) == labels[k:k + 1000]).sum().item()
                    for k in range(0, len(images), 1000))
    return right / len(images)


def train(network, training, test, epochs, rate, batch=128):
    """Adam with one cycle of its rate."""
    images, labels = training
    steps = epochs * (len(images) // batch)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps)
    for epoch in range(epochs):
        network.train()
        order = torch.randperm(len(images))
        for k in range(len(images) // batch):
            chosen = order[k * batch:(k + 1) * batch]
            loss = nn.functional.cross_entropy(network(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print("epoch %d: %.2f %% of the test images" % (epoch + 1, 100 * accuracy(network, *test)),
              file=sys.stderr)


def write(network, shape, name):
    """As ONNX, for any number of images."""
    torch.onnx.export(network.eval(), torch.zeros(1, *shape), name, opset_version=13,
                      input_names=["image"], output_names=["score"],
                      dynamic_axes={"image": {0: "n"}, "score": {0: "n"}})


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    if "shapes" in sys.argv[1:]:
        generator = numpy.random.default_rng(SEED)
        sets = []
        for n, name in (4000, "training"), (500, "test"):
            images, labels = shapes(n, generator)
            if name == "test":
                write_idx("shapes-images.idx", images)
                write_idx("shapes-labels.idx", labels)
            else:
                write_idx("shapes-training.idx", images[:200])
            sets.append((torch.from_numpy(images).float().div(255).unsqueeze(1),
                         torch.from_numpy(labels).long()))
        network = small()
        train(network, *sets, epochs=12, rate=1e-2)
        write(network, (1, 8, 8), "shapes.onnx")
        return
    training, test = fashion()
    for network, name, epochs, rate in ((perceptron(), "mlp", 8, 3e-3),
                                        (convolutional(), "cnn", 8, 4e-3)):
        train(network, training, test, epochs, rate)
        write(network, (1, 28, 28), name + ".onnx")


if __name__ == "__main__":
    main()
