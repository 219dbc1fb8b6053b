#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make_networks.py FOLDER: writes networks for networks.cpp as ONNX, with inputs and what PyTorch makes of them.

ResNet-18, MobileNetV2 and SqueezeNet 1.1 have seeded weights; `settings` has a convolution of every kind, with batch
normalisation and activations left to the engine; `digits` is trained here on scikit-learn's handwritten digits.
NAME.onnx takes one image (digits: all of them), NAME.x.pb holds images, NAME.y.pb the outputs of the network in double
precision, digits.labels.pb the digits meant.
"""
import copy
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from onnx import numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torchvision import models

IMAGES = 3


def write(folder, name, network, x, batch=1, **options):
    network.eval()
    with torch.no_grad():
        y = copy.deepcopy(network).double()(x.double()).float()
    torch.onnx.export(network, x[:batch], str(folder / f"{name}.onnx"), opset_version=10, **options)
    write_tensor(folder / f"{name}.x.pb", x)
    write_tensor(folder / f"{name}.y.pb", y)


def write_tensor(path, tensor):
    path.write_bytes(numpy_helper.from_array(tensor.numpy()).SerializeToString())


def settle(network, *shape):
    """Draws biases, shifts and scales; each batch normalisation gets the means and variances that its inputs have.

    Equal parameters would be exported once, with Identity nodes that OpenCV's importer refuses.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
        if getattr(module, "bias", None) is not None:
            nn.init.uniform_(module.bias, -0.5, 0.5)
    network.train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(4, *shape))


def settings_network():
    return nn.Sequential(
        nn.Conv2d(3, 24, 5, stride=(2, 1), padding=(2, 1), bias=False), nn.BatchNorm2d(24), nn.ReLU(),
        nn.Conv2d(24, 24, 3, groups=24, dilation=2, padding=2), nn.BatchNorm2d(24), nn.ReLU6(),
        nn.Conv2d(24, 36, 3, groups=3, padding=(0, 2)), nn.LeakyReLU(0.1),
        nn.ZeroPad2d((1, 2, 0, 3)), nn.Conv2d(36, 20, (1, 7), stride=(1, 3)), nn.Sigmoid(),
        nn.Conv2d(20, 31, (5, 1), dilation=(2, 1)), nn.Hardtanh(-0.2, 0.7),
        nn.Conv2d(31, 17, 1, stride=2), nn.BatchNorm2d(17),
        nn.AdaptiveAvgPool2d(1), nn.Flatten())


def trained_digits(x, labels):
    network = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
                            nn.MaxPool2d(2), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.Flatten(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(12):
        for chosen in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(network(x[chosen]), labels[chosen]).backward()
            optimizer.step()
    return network


def digits(folder):
    data = load_digits()
    images = torch.tensor(data.images, dtype=torch.float32)[:, None] / 16
    x, x_test, labels, labels_test = train_test_split(images, torch.tensor(data.target), random_state=0)
    network = trained_digits(x, labels)
    write(folder, "digits", network, x_test, batch=len(x_test))
    write_tensor(folder / "digits.labels.pb", labels_test.float())


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    for make in (models.resnet18, models.mobilenet_v2, models.squeezenet1_1):
        network = make(weights=None)
        settle(network, 3, 224, 224)
        write(folder, make.__name__, network, torch.randn(IMAGES, 3, 224, 224))
    network = settings_network()
    settle(network, 3, 48, 53)
    write(folder, "settings", network, torch.randn(IMAGES, 3, 48, 53), training=torch.onnx.TrainingMode.PRESERVE,
          do_constant_folding=False)
    digits(folder)


if __name__ == "__main__":
    main()
