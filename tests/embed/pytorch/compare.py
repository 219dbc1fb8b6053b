#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Times corr2d.Plan beside torch.nn.functional.conv2d: one thread, by the time of the thread, in turn.

CORR2D_LIBRARY names the library; ONEDNN_MAX_CPU_ISA=AVX2 holds PyTorch to the instructions that corr2d uses.
"""
import time

import torch
import torch.nn.functional as F

import corr2d

ROUNDS = 20

# channels, height and width, outputs, kernel, stride, groups
LAYERS = [(3, 224, 64, 7, 2, 1), (64, 56, 64, 3, 1, 1), (128, 28, 128, 3, 1, 1), (256, 14, 256, 3, 1, 1),
          (256, 56, 64, 1, 1, 1), (64, 56, 256, 1, 1, 1), (1024, 14, 256, 1, 1, 1), (144, 56, 144, 3, 1, 144)]


def seconds(function):
    start = time.thread_time()
    function()
    return time.thread_time() - start


def low_quantile(times):
    return sorted(times)[len(times) * 15 // 100]


def compare(channels, size, outputs, kernel, stride, groups, memory_format):
    x = torch.rand(1, channels, size, size).to(memory_format=memory_format)
    weight = torch.rand(outputs, channels // groups, kernel, kernel).to(memory_format=memory_format)
    plan = corr2d.Plan(x.shape, weight, None, stride, kernel // 2, groups=groups)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(seconds(lambda: plan(x)))
        theirs.append(seconds(lambda: F.conv2d(x, weight, None, stride, kernel // 2, 1, groups)))
    return 1e3 * low_quantile(ours), 1e3 * low_quantile(theirs)


def main():
    torch.set_num_threads(1)
    print(f"{'layer':26} {'memory':14} {'corr2d':>9} {'PyTorch':>12}")
    for layer in LAYERS:
        for memory_format in (torch.contiguous_format, torch.channels_last):
            ours, theirs = compare(*layer, memory_format)
            channels, size, outputs, kernel, stride, groups = layer
            name = f"{channels}x{size}x{size}:{outputs}:{kernel}x{kernel}:s{stride}:g{groups}"
            print(f"{name:26} {str(memory_format)[6:]:18} {ours:6.2f} ms {theirs:6.2f} ms {theirs / ours:5.2f} x")


if __name__ == "__main__":
    main()
