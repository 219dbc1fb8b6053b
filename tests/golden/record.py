#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Records what PyTorch's conv2d gives for each of the settings below.

    tests/golden/record.py >tests/golden/outputs.h

Needs PyTorch (Debian: python3-torch). The data come from the generator that tests/golden.c has too, so only the
outputs are stored. Recorded once; the file changes only when a setting does.
"""
import torch
import torch.nn.functional as functional

INTEGER, REAL = "FILL_INTEGER", "FILL_REAL"

# The names of corr2d_spec's fields, and: bias, fill.
SETTINGS = [
    dict(in_channels=1, in_height=5, in_width=6, out_channels=1, kernel_height=3, kernel_width=3, fill=INTEGER),
    dict(in_channels=3, in_height=6, in_width=7, out_channels=4, kernel_height=3, kernel_width=3, bias=True, fill=INTEGER),
    dict(in_channels=3, in_height=6, in_width=7, out_channels=4, kernel_height=3, kernel_width=3, bias=True, fill=REAL),
    dict(in_channels=3, in_height=17, in_width=19, out_channels=5, kernel_height=7, kernel_width=7, stride_height=2,
         stride_width=2, pad_top=3, pad_bottom=3, pad_left=3, pad_right=3, bias=True, fill=REAL),
    dict(in_channels=2, in_height=23, in_width=23, out_channels=4, kernel_height=11, kernel_width=11, stride_height=4,
         stride_width=4, pad_top=2, pad_bottom=2, pad_left=2, pad_right=2, fill=REAL),
    dict(in_channels=24, in_height=5, in_width=7, out_channels=9, fill=REAL),
    dict(in_channels=37, in_height=3, in_width=5, out_channels=17, bias=True, fill=INTEGER),
    dict(in_channels=8, in_height=9, in_width=9, out_channels=7, stride_height=2, stride_width=3, bias=True, fill=REAL),
    dict(in_channels=64, in_height=4, in_width=4, out_channels=12, kernel_height=3, kernel_width=3, pad_top=1,
         pad_bottom=1, pad_left=1, pad_right=1, bias=True, fill=REAL),
    dict(in_channels=5, in_height=9, in_width=8, out_channels=6, kernel_height=3, kernel_width=3, dilation_height=2,
         dilation_width=3, pad_top=2, pad_bottom=2, pad_left=3, pad_right=3, fill=REAL),
    dict(in_channels=4, in_height=7, in_width=7, out_channels=5, kernel_height=2, kernel_width=4, stride_height=3,
         stride_width=2, dilation_height=2, pad_top=3, pad_bottom=1, pad_left=0, pad_right=5, bias=True, fill=REAL),
    dict(in_channels=6, in_height=6, in_width=9, out_channels=8, kernel_height=3, kernel_width=3, groups=2, bias=True,
         pad_top=1, pad_bottom=1, pad_left=1, pad_right=1, fill=REAL),
    dict(in_channels=12, in_height=4, in_width=5, out_channels=8, groups=4, fill=INTEGER),
    dict(in_channels=9, in_height=7, in_width=6, out_channels=9, kernel_height=3, kernel_width=3, groups=9, pad_top=1,
         pad_bottom=1, pad_left=1, pad_right=1, bias=True, fill=REAL),
    dict(in_channels=6, in_height=11, in_width=12, out_channels=6, kernel_height=5, kernel_width=5, groups=6,
         stride_height=2, stride_width=2, pad_top=2, pad_bottom=2, pad_left=2, pad_right=2, bias=True, fill=REAL),
    dict(in_channels=4, in_height=6, in_width=6, out_channels=12, kernel_height=3, kernel_width=3, groups=4, bias=True,
         fill=REAL),
    dict(in_channels=3, in_height=8, in_width=6, out_channels=5, kernel_height=3, kernel_width=3, layout="CORR2D_NHWC",
         pad_top=1, pad_bottom=1, pad_left=1, pad_right=1, bias=True, fill=REAL),
    dict(in_channels=16, in_height=5, in_width=5, out_channels=10, layout="CORR2D_NHWC", bias=True, fill=REAL),
    dict(in_channels=10, in_height=6, in_width=7, out_channels=10, kernel_height=3, kernel_width=3, groups=10,
         layout="CORR2D_NHWC", stride_height=2, stride_width=2, pad_top=1, pad_bottom=1, pad_left=1, pad_right=1,
         fill=REAL),
    dict(batch=3, in_channels=4, in_height=5, in_width=6, out_channels=5, kernel_height=2, kernel_width=3, bias=True,
         fill=REAL),
    dict(in_channels=7, in_height=1, in_width=40, out_channels=6, kernel_height=1, kernel_width=5, pad_left=4,
         bias=True, fill=REAL),
    dict(in_channels=5, in_height=30, in_width=1, out_channels=4, kernel_height=7, kernel_width=1, pad_top=3,
         pad_bottom=3, fill=REAL),
    dict(in_channels=6, in_height=6, in_width=7, out_channels=6, kernel_height=3, kernel_width=3, bias=True, fill=REAL,
         activation="CORR2D_RELU"),
    dict(in_channels=6, in_height=6, in_width=7, out_channels=6, kernel_height=3, kernel_width=3, bias=True, fill=REAL,
         activation="CORR2D_CLAMP", clamp_min=-0.5, clamp_max=1.25),
    dict(in_channels=9, in_height=4, in_width=6, out_channels=8, bias=True, accumulate=True, fill=REAL,
         activation="CORR2D_RELU"),
]


class Generator:
    """The same as in tests/golden.c."""

    def __init__(self, seed):
        self.state = seed

    def value(self, fill):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return float((self.state >> 16) % 9) - 4 if fill == INTEGER else (self.state >> 8) * 2.0**-23 - 1

    def tensor(self, fill, *shape):
        count = torch.Size(shape).numel()
        return torch.tensor([self.value(fill) for _ in range(count)], dtype=torch.float32).reshape(shape)


def activate(y, setting):
    activation = setting.get("activation")
    if activation == "CORR2D_RELU":
        return functional.relu(y)
    if activation == "CORR2D_CLAMP":
        return torch.clamp(y, setting["clamp_min"], setting["clamp_max"])
    return y


def output(setting, seed):
    def get(name, default=1):
        return setting.get(name, default)

    def pair(name):
        return get(name + "_height"), get(name + "_width")

    generator = Generator(seed)
    groups = get("groups")
    x = generator.tensor(get("fill"), get("batch"), get("in_channels"), get("in_height"), get("in_width"))
    weights = generator.tensor(get("fill"), get("out_channels"), get("in_channels") // groups, *pair("kernel"))
    bias = generator.tensor(get("fill"), get("out_channels")) if get("bias", False) else None
    x = functional.pad(x, [get("pad_" + side, 0) for side in ("left", "right", "top", "bottom")])
    if get("layout", "") == "CORR2D_NHWC":
        x = x.to(memory_format=torch.channels_last)
        weights = weights.to(memory_format=torch.channels_last)
    y = functional.conv2d(x, weights, bias, pair("stride"), 0, pair("dilation"), groups)
    if get("accumulate", False):
        y = y + generator.tensor(get("fill"), *y.shape)
    return activate(y, setting).flatten().tolist()


def literal(value):
    """The shortest hexadecimal form of a float32."""
    digits, exponent = float(value).hex().split("p")
    return digits.rstrip("0").rstrip(".") + "p" + exponent.lstrip("+") + "f"


def wrapped(words):
    line = ""
    for word in words:
        if len(line) + len(word) > 114:
            yield line.rstrip()
            line = ""
        line += word + ", "
    yield line.rstrip()


def field(value):
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else \
        value if isinstance(value, str) else str(value) if isinstance(value, int) else f"{value}f"


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print(f"/* Written by tests/golden/record.py with PyTorch {torch.__version__.split('+')[0]}; y in dense NCHW. */")
    for index, setting in enumerate(SETTINGS):
        print(f"static const float golden_{index}[] = {{")
        print("\n".join("    " + line for line in wrapped(map(literal, output(setting, index)))))
        print("};")
    print("\nstatic const recording recordings[] = {")
    for index, setting in enumerate(SETTINGS):
        spec = ", ".join(f".{name} = {field(value)}" for name, value in setting.items() if name not in ("bias", "fill"))
        print(f"    {{{setting['fill']}, {field(setting.get('bias', False))}, golden_{index},")
        print(f"     sizeof golden_{index} / sizeof *golden_{index},")
        print("\n".join("     " + line for line in wrapped(("{" + spec + "}").split(", "))).rstrip(",") + "},")
    print("};")


if __name__ == "__main__":
    main()
