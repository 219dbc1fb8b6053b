#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""corr2d.py, with PyTorch as the judge.

CORR2D_LIBRARY names the library; CORR2D_TEST_LAYERS, how many random layers to try.
"""
import gc
import os
import random
import re
import unittest
import warnings
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F

import corr2d
from corr2d import conv2d, corr2d_multi_in, corr2d_multi_in_out, corr2d_multi_in_out_1x1

HEADER = Path(__file__).resolve().parents[3] / "include" / "corr2d.h"
LAYERS = int(os.environ.get("CORR2D_TEST_LAYERS", 3000))
EPSILON = 2.0**-24


def same_bits(a, b):
    return torch.equal(a.contiguous().view(torch.int32), b.contiguous().view(torch.int32))


class Notebook(unittest.TestCase):
    """The steps of the source text, "Multiple Input and Multiple Output Channels", on corr2d."""

    def setUp(self):
        self.X = torch.tensor([[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]],
                               [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]])
        self.K = torch.tensor([[[0.0, 1.0], [2.0, 3.0]], [[1.0, 2.0], [3.0, 4.0]]])

    def test_multi_in(self):
        Y = corr2d_multi_in(self.X, self.K)
        self.assertEqual(Y.tolist(), [[56.0, 72.0], [104.0, 120.0]])
        self.assertTrue(torch.equal(Y, F.conv2d(self.X[None], self.K[None])[0, 0]))

    def test_multi_in_adds_up_single_channels(self):
        parts = [F.conv2d(x[None, None], k[None, None])[0, 0] for x, k in zip(self.X, self.K)]
        self.assertTrue(torch.equal(corr2d_multi_in(self.X, self.K), sum(parts)))

    def test_multi_in_out(self):
        K = torch.stack((self.K, self.K + 1, self.K + 2), 0)
        self.assertEqual(K.shape, torch.Size([3, 2, 2, 2]))
        Y = corr2d_multi_in_out(self.X, K)
        self.assertEqual(Y.tolist(), [[[56.0, 72.0], [104.0, 120.0]], [[76.0, 100.0], [148.0, 172.0]],
                                      [[96.0, 128.0], [192.0, 224.0]]])
        self.assertTrue(torch.equal(Y, torch.stack([corr2d_multi_in(self.X, k) for k in K], 0)))
        self.assertTrue(torch.equal(Y, F.conv2d(self.X[None], K)[0]))

    def test_1x1(self):
        torch.manual_seed(1)
        X, K = torch.normal(0, 1, (3, 3, 3)), torch.normal(0, 1, (2, 3, 1, 1))
        Y1, Y2 = corr2d_multi_in_out_1x1(X, K), corr2d_multi_in_out(X, K)
        self.assertTrue(same_bits(Y1, Y2))
        self.assertTrue(same_bits(corr2d_multi_in_out_1x1(X, K.reshape(2, 3)), Y2))
        product = torch.matmul(K.reshape(2, 3), X.reshape(3, 9)).reshape(2, 3, 3)
        self.assertLess(float(torch.abs(Y1 - product).sum()), 1e-5)

    def test_1x1_with_bias_is_a_linear_layer_at_each_pixel(self):
        linear = torch.nn.Linear(5, 4)
        X = torch.rand(5, 6, 7)
        with torch.no_grad():
            Y = corr2d_multi_in_out_1x1(X, linear.weight, linear.bias)
            self.assertTrue(torch.allclose(Y, linear(X.permute(1, 2, 0)).permute(2, 0, 1), atol=1e-6))

    def test_numpy_too(self):
        Y = corr2d_multi_in(self.X.numpy(), self.K.numpy())
        self.assertIsInstance(Y, numpy.ndarray)
        self.assertEqual(Y.tolist(), [[56.0, 72.0], [104.0, 120.0]])


def random_view(shape, generator):
    """A tensor of the shape, dense or a view of another: channels_last, a crop, every other column, or expanded."""
    kind = generator.randrange(6)
    n, c, h, w = shape
    if kind == 0:
        return (torch.rand(shape) * 2 - 1).to(memory_format=torch.channels_last)
    if kind == 1:
        return (torch.rand(n, c, h + 3, w + 2) * 2 - 1)[:, :, 2:h + 2, 1:w + 1]
    if kind == 2:
        return (torch.rand(n, c, h, 2 * w) * 2 - 1)[..., ::2]
    if kind == 3:
        return (torch.rand(n, h, w, c + 5) * 2 - 1)[..., 3:c + 3].permute(0, 3, 1, 2)
    if kind == 4:
        return (torch.rand(1, c, h, 1) * 2 - 1).expand(shape)
    return torch.rand(shape) * 2 - 1


def random_setting(generator):
    """x, weight, bias, and conv2d's keywords."""
    r = generator.randint
    groups = generator.choice([1, 1, 1, 2, 3, 5])
    c, o = groups * r(1, 9), groups * r(1, 9)
    if generator.random() < 0.25:
        groups, o = c, c * r(1, 2)
    kernel, dilation, stride = (r(1, 5), r(1, 5)), (r(1, 3), r(1, 3)), (r(1, 3), r(1, 3))
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    padding = generator.choice(["same", "valid", (r(0, 3), r(0, 3)), r(0, 2)])
    if padding == "same":
        stride = (1, 1)
    x = random_view((r(1, 3), c, extent[0] + r(0, 12), extent[1] + r(0, 12)), generator)
    weight = random_view((o, c // groups, *kernel), generator)
    bias = torch.rand(o) if generator.random() < 0.5 else None
    return x, weight, bias, dict(stride=stride, padding=padding, dilation=dilation, groups=groups)


class Conv2d(unittest.TestCase):
    def assert_within_bound(self, x, weight, bias, keywords):
        """Of the sum in double precision, the error of any order of summation in float32: taps * eps * sum |x * w|."""
        def double(x, weight, bias):
            return F.conv2d(x.double(), weight.double(), None if bias is None else bias.double(), **keywords)

        y = conv2d(x, weight, bias, **keywords)
        exact = double(x, weight, bias)
        bound = (weight[0].numel() + 1) * EPSILON * double(x.abs(), weight.abs(), None if bias is None else bias.abs())
        self.assertEqual(y.shape, exact.shape)
        self.assertEqual(y.dtype, torch.float32)
        self.assertTrue(bool(((y - exact).abs() <= bound).all()), "the sum in double precision")
        theirs = F.conv2d(x, weight, bias, **keywords)
        self.assertTrue(bool(((y - theirs).abs() <= 2 * bound).all()), "torch's own")
        return y

    def test_random_settings(self):
        for seed in range(LAYERS):
            torch.manual_seed(seed)
            x, weight, bias, keywords = random_setting(random.Random(seed))
            with self.subTest(seed=seed, x=tuple(x.shape), strides=x.stride(), weight=tuple(weight.shape), **keywords):
                y = self.assert_within_bound(x, weight, bias, keywords)
                dense = conv2d(x.contiguous().numpy(), weight.contiguous().numpy(),
                               None if bias is None else bias.numpy(), **keywords)
                self.assertTrue(same_bits(y, torch.from_numpy(dense)), "the bits of dense numpy arrays")

    def test_unbatched(self):
        x, weight = torch.rand(3, 9, 8), torch.rand(4, 3, 3, 2)
        self.assertTrue(same_bits(conv2d(x, weight, padding=1), conv2d(x[None], weight, padding=1)[0]))

    def test_empty_batch(self):
        self.assertEqual(conv2d(torch.rand(0, 3, 9, 8), torch.rand(4, 3, 3, 2)).shape, (0, 4, 7, 7))

    def test_channels_last_stays_so(self):
        x = torch.rand(2, 6, 9, 8).to(memory_format=torch.channels_last)
        y = conv2d(x, torch.rand(5, 6, 3, 3))
        self.assertTrue(y.is_contiguous(memory_format=torch.channels_last))
        self.assertTrue(conv2d(x.contiguous(), torch.rand(5, 6, 3, 3)).is_contiguous())

    def test_numpy_views_that_must_be_copied(self):
        dense = numpy.random.default_rng(1).random((2, 4, 9, 8), numpy.float32)
        weight = numpy.random.default_rng(2).random((5, 4, 3, 3), numpy.float32)
        record = numpy.zeros(dense.shape, numpy.dtype([("a", "u1"), ("b", "<f4")]))
        record["b"] = dense[..., ::-1]
        for x in (dense[..., ::-1], record["b"], numpy.broadcast_to(dense[:1, :1, :1, :1], dense.shape)):
            self.assertEqual(conv2d(x, weight).tobytes(), conv2d(numpy.ascontiguousarray(x), weight).tobytes())

    def test_a_batch_gives_the_bits_of_its_images(self):
        x, weight = torch.rand(5, 37, 13, 11), torch.rand(19, 37, 3, 3)
        self.assertTrue(same_bits(conv2d(x, weight), torch.cat([conv2d(image[None], weight) for image in x])))

    def test_threads_give_the_same_bits(self):
        x, weight = torch.rand(1, 32, 60, 60), torch.rand(64, 32, 3, 3)
        one = conv2d(x, weight)
        for threads in (2, 3, 7):
            self.assertTrue(same_bits(conv2d(x, weight, threads=threads), one))


class Plans(unittest.TestCase):
    def test_writes_into_a_slice_of_channels(self):
        x, weight, both = torch.rand(2, 3, 8, 8), torch.rand(4, 3, 1, 1), torch.zeros(2, 7, 8, 8)
        both[:, :3] = x
        self.assertTrue(numpy.shares_memory(conv2d(both[:, :3], weight, out=both[:, 3:]).numpy(), both.numpy()))
        self.assertTrue(same_bits(both[:, 3:], conv2d(x, weight)))
        self.assertTrue(same_bits(both[:, :3], x))

    def test_one_plan_takes_any_strides(self):
        x, weight = torch.rand(1, 8, 9, 9), torch.rand(8, 8, 3, 3)
        plan = corr2d.Plan(x.shape, weight)
        self.assertTrue(same_bits(plan(x), plan(x.to(memory_format=torch.channels_last))))

    def test_keeps_weights_after_they_are_gone(self):
        x, weight = torch.rand(1, 8, 9, 9), torch.rand(8, 8, 3, 3)
        expected = conv2d(x, weight)
        plan = corr2d.Plan(x.shape, weight.clone(memory_format=torch.channels_last))
        gc.collect()
        self.assertTrue(same_bits(plan(x), expected))

    def test_activations_and_residual(self):
        x, weight, residual = torch.rand(1, 8, 6, 6) - 0.5, torch.rand(4, 8, 1, 1) - 0.5, torch.rand(1, 4, 6, 6)
        plain = conv2d(x, weight)
        relu = corr2d.Plan(x.shape, weight, activation="relu")(x)
        clamped = corr2d.Plan(x.shape, weight, activation=(-0.1, 0.2))(x)
        added = corr2d.Plan(x.shape, weight, accumulate=True)(x, residual.clone())
        self.assertTrue(torch.equal(relu, plain.relu()))
        self.assertTrue(torch.equal(clamped, plain.clamp(-0.1, 0.2)))
        self.assertTrue(torch.allclose(added, residual + plain, atol=1e-6))


class Errors(unittest.TestCase):
    x, weight = torch.rand(1, 4, 5, 5), torch.rand(6, 4, 3, 3)

    def assert_both_refuse(self, error, *arguments, **keywords):
        """corr2d with that error; torch, too, in its own way."""
        with self.assertRaises(error):
            conv2d(*arguments, **keywords)
        with self.assertRaises((RuntimeError, TypeError, ValueError)):
            F.conv2d(*arguments, **keywords)

    def test_shapes(self):
        self.assert_both_refuse(ValueError, self.x, self.weight[:, :3])
        self.assert_both_refuse(ValueError, self.x, self.weight[0])
        self.assert_both_refuse(ValueError, self.x[0, 0], self.weight)
        self.assert_both_refuse(ValueError, self.x, self.weight, torch.rand(5))
        self.assert_both_refuse(ValueError, self.x, torch.rand(6, 4, 6, 3))
        self.assert_both_refuse(ValueError, self.x, self.weight[:, :2], groups=4)
        self.assert_both_refuse(ValueError, self.x, self.weight, groups=0)

    def test_settings(self):
        self.assert_both_refuse(ValueError, self.x, self.weight, stride=0)
        self.assert_both_refuse(ValueError, self.x, self.weight, padding=-1)
        self.assert_both_refuse(ValueError, self.x, self.weight, dilation=0)
        self.assert_both_refuse(ValueError, self.x, self.weight, padding="full")
        self.assert_both_refuse(ValueError, self.x, self.weight, padding="same", stride=2)
        self.assert_both_refuse(TypeError, self.x, self.weight, stride=1.5)
        self.assert_both_refuse(ValueError, self.x, self.weight, stride=(1, 1, 1))

    def test_types(self):
        self.assert_both_refuse(TypeError, self.x.double(), self.weight)
        self.assert_both_refuse(TypeError, self.x.to_sparse(), self.weight)
        with self.assertRaises(TypeError):
            conv2d(self.x.numpy().astype(numpy.float64), self.weight)
        with self.assertRaises(TypeError):
            corr2d.Plan(self.x.shape, self.weight.tolist())
        with self.assertRaises(TypeError):
            conv2d(self.x.tolist(), self.weight)

    def test_devices_and_gradients(self):
        with self.assertRaisesRegex(ValueError, "meta"):
            conv2d(self.x.to("meta"), self.weight)
        with self.assertRaisesRegex(RuntimeError, "no_grad"):
            conv2d(self.x, self.weight.clone().requires_grad_())
        with torch.no_grad():
            conv2d(self.x, self.weight.clone().requires_grad_())

    def test_outputs(self):
        plan = corr2d.Plan(self.x.shape, self.weight, padding=1)
        read_only = numpy.zeros((1, 6, 5, 5), numpy.float32)
        read_only.flags.writeable = False
        shared = torch.zeros(1, 8, 5, 5)
        for x, out in ((self.x, torch.zeros(1, 6, 5, 4)), (self.x.numpy(), read_only),
                       (self.x.numpy(), numpy.zeros((1, 6, 5, 5), numpy.float32)[..., ::-1]),
                       (self.x, torch.zeros(1, 1, 5, 5).expand(1, 6, 5, 5)), (shared[:, 1:5], shared[:, :6])):
            with self.assertRaises(ValueError):
                plan(x, out)
        with self.assertRaises(ValueError):
            plan(self.x[:, :3])
        with self.assertRaises(ValueError):
            corr2d.Plan(self.x.shape, self.weight, accumulate=True)(self.x)

    def test_activations(self):
        for wrong in ("gelu", (2.0, 1.0), (float("nan"), 1.0)):
            with self.assertRaises(ValueError):
                corr2d.Plan(self.x.shape, self.weight, activation=wrong)(self.x)


class Structures(unittest.TestCase):
    """The ctypes structures are those of corr2d.h."""

    def fields(self, name):
        body = re.search(r"typedef struct %s \{(.*?)\} %s;" % (name, name), HEADER.read_text(), re.S).group(1)
        body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
        for declaration in filter(None, map(str.strip, body.split(";"))):
            kind, names = re.fullmatch(r"(?:const )?(\w+) (.*)", declaration, re.S).groups()
            yield from ((part.strip("* \n"), kind) for part in names.split(","))

    def test_spec(self):
        kinds = {"size_t": "c_ulong", "float": "c_float", "bool": "c_bool", "char": "c_char_p",
                 "corr2d_strides": "Strides"}
        declared = [(name, kinds.get(kind, "c_int")) for name, kind in self.fields("corr2d_spec")]
        self.assertEqual([(name, kind.__name__) for name, kind in corr2d.Spec._fields_], declared)

    def test_strides(self):
        self.assertEqual([name for name, _ in corr2d.Strides._fields_],
                         [name for name, _ in self.fields("corr2d_strides")])


if __name__ == "__main__":
    warnings.filterwarnings("ignore", "Using padding='same' with even kernel lengths")
    print("PyTorch", torch.__version__, "and corr2d,", corr2d.variant())
    unittest.main()
