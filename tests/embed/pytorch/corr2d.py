# SPDX-License-Identifier: Apache-2.0
"""corr2d for numpy and PyTorch: direct 2-D cross-correlation on float32 arrays and CPU tensors where they lie.

    y = corr2d.conv2d(x, weight, bias, stride=2, padding=1)    # torch.nn.functional.conv2d's meaning
    plan = corr2d.Plan(x.shape, weight, bias, padding=1)       # weights packed once, for many calls
    y = plan(x)

x may have any strides (channels_last, crops, slices, expanded dimensions) and is not copied, unless some stride is
negative or no multiple of an element. y is what x is, a numpy array or a tensor, and channels_last where x is. The
shared library is found as the linker would, or named by CORR2D_LIBRARY in the environment.
"""
from __future__ import annotations

import ctypes
import ctypes.util
import functools
import operator
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from ctypes import POINTER, byref, c_bool, c_char_p, c_float, c_int, c_size_t, c_void_p
from typing import TYPE_CHECKING, Any, Optional, Sequence, Tuple, TypeVar, Union

import numpy

if TYPE_CHECKING:
    import torch

__all__ = ["Plan", "conv2d", "corr2d_multi_in", "corr2d_multi_in_out", "corr2d_multi_in_out_1x1", "variant"]

Array = TypeVar("Array", numpy.ndarray, "torch.Tensor")
AnyArray = Union[numpy.ndarray, "torch.Tensor"]
Pair = Union[int, Sequence[int]]

_SIZES = ("batch in_channels in_height in_width out_channels kernel_height kernel_width stride_height stride_width "
          "dilation_height dilation_width pad_top pad_bottom pad_left pad_right groups").split()


class Strides(ctypes.Structure):
    """corr2d_strides."""
    _fields_ = [(name, c_size_t) for name in ("batch", "channel", "row", "column")]


class Spec(ctypes.Structure):
    """corr2d_spec."""
    _fields_ = [(name, c_size_t) for name in _SIZES] + [
        ("type", c_int), ("layout", c_int), ("weights_layout", c_int), ("x_strides", Strides), ("y_strides", Strides),
        ("activation", c_int), ("clamp_min", c_float), ("clamp_max", c_float), ("accumulate", c_bool),
        ("variant", c_char_p)]


def _load() -> ctypes.CDLL:
    name = os.environ.get("CORR2D_LIBRARY") or ctypes.util.find_library("corr2d")
    if not name:
        raise ImportError("libcorr2d was not found; CORR2D_LIBRARY may name it")
    library = ctypes.CDLL(name)
    signatures: tuple[tuple, ...] = (
        ("corr2d_status_string", c_char_p, c_int),
        ("corr2d_output_size", c_int, POINTER(Spec), POINTER(c_size_t), POINTER(c_size_t)),
        ("corr2d_plan_create", c_int, POINTER(c_void_p), POINTER(Spec), c_void_p, c_void_p),
        ("corr2d_plan_destroy", None, c_void_p),
        ("corr2d_plan_parts", c_size_t, c_void_p, c_size_t),
        ("corr2d_run_part", c_int, c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_size_t),
        ("corr2d_variant", c_char_p))
    for function, result, *arguments in signatures:
        getattr(library, function).restype = result
        getattr(library, function).argtypes = arguments
    return library


_library = _load()
_pools: dict[int, ThreadPoolExecutor] = {}

# By corr2d_status: what a Python user expects.
_ERRORS = (None, ValueError, NotImplementedError, OverflowError, MemoryError, LookupError)


def _check(status: int) -> None:
    if status:
        raise _ERRORS[status](_library.corr2d_status_string(status).decode())  # type: ignore[misc]


def variant() -> str:
    """The kernels in use: "avx2", "neon", "scalar", ..."""
    return _library.corr2d_variant().decode()


def _is_tensor(array: object) -> bool:
    """Without importing torch, which whoever holds a tensor has done."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(array, torch.Tensor)


def _tensor_view(tensor: Any, name: str) -> numpy.ndarray:
    import torch
    if tensor.device.type != "cpu":
        raise ValueError(f"{name} must be on the CPU, not on {tensor.device}")
    if tensor.requires_grad and torch.is_grad_enabled():
        raise RuntimeError(f"{name} requires a gradient, and corr2d computes none: detach it, or use torch.no_grad()")
    if tensor.dtype != torch.float32 or tensor.layout != torch.strided:
        raise TypeError(f"{name} must be a dense float32 tensor, not {tensor.dtype}, {tensor.layout}")
    return tensor.detach().numpy()


def _view(array: AnyArray, name: str) -> numpy.ndarray:
    """The array's own memory as a numpy array."""
    if _is_tensor(array):
        return _tensor_view(array, name)
    if not isinstance(array, numpy.ndarray):
        raise TypeError(f"{name} must be a numpy array or a torch tensor, not {type(array).__name__}")
    if array.dtype != numpy.float32:
        raise TypeError(f"{name} must be float32, not {array.dtype}")
    return array


def _element_strides(array: numpy.ndarray) -> list[int]:
    return [step // array.itemsize for step in array.strides]


def _readable(array: numpy.ndarray) -> numpy.ndarray:
    """The array itself wherever corr2d can read it in place; to corr2d, four strides of zero mean a dense array."""
    in_place = (array.flags.aligned and all(step >= 0 and step % array.itemsize == 0 for step in array.strides)
                and any(_element_strides(array)))
    return array if in_place else numpy.ascontiguousarray(array)


def _pair(value: Pair, name: str, least: int) -> Tuple[int, int]:
    values = tuple(value) if isinstance(value, Sequence) else (value,)
    try:
        numbers = tuple(map(operator.index, values))
    except TypeError:
        raise TypeError(f"{name} must be an int or a pair of ints, not {value!r}") from None
    if len(numbers) not in (1, 2):
        raise ValueError(f"{name} must be an int or a pair of ints, not {value!r}")
    if min(numbers) < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")
    return numbers[0], numbers[-1]


def _padding(padding: Union[str, Pair], kernel: Tuple[int, int], stride: Tuple[int, int],
             dilation: Tuple[int, int]) -> Tuple[int, int, int, int]:
    """Top, bottom, left, right."""
    if padding == "valid":
        return 0, 0, 0, 0
    if padding == "same":
        if stride != (1, 1):
            raise ValueError("padding='same' needs stride 1")
        rows, columns = (d * (k - 1) for d, k in zip(dilation, kernel))
        return rows // 2, rows - rows // 2, columns // 2, columns - columns // 2
    if isinstance(padding, str):
        raise ValueError(f"padding must be 'valid', 'same', an int or a pair of ints, not {padding!r}")
    rows, columns = _pair(padding, "padding", 0)
    return rows, rows, columns, columns


def _pool(threads: int) -> ThreadPoolExecutor:
    if threads not in _pools:
        _pools[threads] = ThreadPoolExecutor(threads, "corr2d")
    return _pools[threads]


class Plan:
    """A layer with its weights packed, for x of one shape and of any strides.

    x_shape: (batch, channels, height, width). weight: (out_channels, channels / groups, kernel_height, kernel_width).
    activation: None, "relu", or a pair (least, most) that results are clamped to. accumulate: each call adds to `out`.
    """

    def __init__(self, x_shape: Sequence[int], weight: AnyArray, bias: Optional[AnyArray] = None, stride: Pair = 1,
                 padding: Union[str, Pair] = 0, dilation: Pair = 1, groups: int = 1, *,
                 activation: Union[None, str, Tuple[float, float]] = None, accumulate: bool = False) -> None:
        self._plans: dict[tuple, c_void_p] = {}
        self._weight = numpy.ascontiguousarray(_view(weight, "weight"))
        self._bias = None if bias is None else numpy.ascontiguousarray(_view(bias, "bias"))
        self.x_shape = tuple(map(operator.index, x_shape))
        self._check_shapes(operator.index(groups))
        kernel = self._weight.shape[2], self._weight.shape[3]
        strides, dilations = _pair(stride, "stride", 1), _pair(dilation, "dilation", 1)
        pads = _padding(padding, kernel, strides, dilations)
        sizes = (*self.x_shape, self._weight.shape[0], *kernel, *strides, *dilations, *pads, groups)
        self._spec = Spec(**dict(zip(_SIZES, sizes)), accumulate=accumulate, **self._activation(activation))
        self.y_shape = self._output_shape()

    def _check_shapes(self, groups: int) -> None:
        if len(self.x_shape) != 4:
            raise ValueError(f"x must have 4 dimensions, not the shape {self.x_shape}")
        if self._weight.ndim != 4:
            raise ValueError(f"weight must have 4 dimensions, not the shape {self._weight.shape}")
        if 0 in self.x_shape[1:] or 0 in self._weight.shape:
            raise ValueError(f"no size may be 0: x has the shape {self.x_shape}, weight {self._weight.shape}")
        outputs, channels = self._weight.shape[:2]
        if groups < 1 or outputs % groups:
            raise ValueError(f"groups must be positive and divide the {outputs} output channels, not {groups}")
        if self.x_shape[1] != channels * groups:
            raise ValueError(f"weight of the shape {self._weight.shape} and groups = {groups} need x to have "
                             f"{channels * groups} channels, not {self.x_shape[1]}")
        if self._bias is not None and self._bias.shape != (outputs,):
            raise ValueError(f"bias must have the shape ({outputs},), not {self._bias.shape}")

    @staticmethod
    def _activation(activation: Union[None, str, Tuple[float, float]]) -> dict[str, Any]:
        if activation is None:
            return {}
        if isinstance(activation, str):
            if activation != "relu":
                raise ValueError(f"activation must be None, 'relu' or a pair of bounds, not {activation!r}")
            return {"activation": 1}
        least, most = activation
        return {"activation": 2, "clamp_min": least, "clamp_max": most}

    def _output_shape(self) -> Tuple[int, int, int, int]:
        height, width = c_size_t(), c_size_t()
        if _library.corr2d_output_size(byref(self._spec), byref(height), byref(width)):
            raise ValueError(f"the dilated kernel is larger than the padded input: x has the shape {self.x_shape}, "
                             f"weight {self._weight.shape}")
        return self.x_shape[0], self._weight.shape[0], height.value, width.value

    def _new_output(self, x: numpy.ndarray) -> numpy.ndarray:
        """Channels side by side where x has them so."""
        n, channels, height, width = self.y_shape
        if x.shape[1] > 1 and x.strides[1] == x.itemsize:
            return numpy.empty((n, height, width, channels), numpy.float32).transpose(0, 3, 1, 2)
        return numpy.empty(self.y_shape, numpy.float32)

    def _check_output(self, x: numpy.ndarray, y: numpy.ndarray) -> None:
        if y.shape != self.y_shape:
            raise ValueError(f"out must have the shape {self.y_shape}, not {y.shape}")
        if not y.flags.writeable or _readable(y) is not y:
            raise ValueError("out must be writable, and its strides positive multiples of an element")
        if numpy.may_share_memory(x, y) and numpy.shares_memory(x, y):
            raise ValueError("out must not overlap x")

    def _plan_for(self, x: numpy.ndarray, y: numpy.ndarray) -> c_void_p:
        """A plan holds the strides, so there is one for each layout met."""
        key = (*_element_strides(x), *_element_strides(y))
        if key not in self._plans:
            plan = c_void_p()
            self._spec.x_strides, self._spec.y_strides = Strides(*key[:4]), Strides(*key[4:])
            bias = None if self._bias is None else self._bias.ctypes.data
            _check(_library.corr2d_plan_create(byref(plan), byref(self._spec), self._weight.ctypes.data, bias))
            self._plans[key] = plan
        return self._plans[key]

    def _run(self, plan: c_void_p, x: numpy.ndarray, y: numpy.ndarray, threads: int) -> None:
        """ctypes lets go of the interpreter's lock, so that Python's own threads run the parts at once."""
        parts = _library.corr2d_plan_parts(plan, threads)
        arguments = plan, x.ctypes.data, y.ctypes.data, None
        if parts == 1:
            return _check(_library.corr2d_run_part(*arguments, 0, 1))
        run_part = functools.partial(_library.corr2d_run_part, *arguments)
        for status in list(_pool(threads).map(lambda part: run_part(part, parts), range(parts))):
            _check(status)

    def __call__(self, x: Array, out: Optional[Array] = None, *, threads: int = 1) -> Array:
        """y, which is `out` where that is given: of the shape y_shape and any positive strides."""
        source = _readable(_view(x, "x"))
        if source.shape != self.x_shape:
            raise ValueError(f"x must have the shape {self.x_shape}, not {source.shape}")
        if out is None and self._spec.accumulate:
            raise ValueError("accumulate adds to out, which is missing")
        y = self._new_output(source) if out is None else _view(out, "out")
        self._check_output(source, y)
        if y.size:
            self._run(self._plan_for(source, y), source, y, threads)
        if out is not None:
            return out
        return sys.modules["torch"].from_numpy(y) if _is_tensor(x) else y  # type: ignore[return-value]

    def __del__(self) -> None:
        for plan in getattr(self, "_plans", {}).values():
            _library.corr2d_plan_destroy(plan)


def conv2d(input: Array, weight: AnyArray, bias: Optional[AnyArray] = None, stride: Pair = 1,
           padding: Union[str, Pair] = 0, dilation: Pair = 1, groups: int = 1, *, out: Optional[Array] = None,
           threads: int = 1) -> Array:
    """torch.nn.functional.conv2d: of (batch, channels, height, width), or of (channels, height, width)."""
    if _view(input, "input").ndim == 3:
        y = conv2d(input[None], weight, bias, stride, padding, dilation, groups,
                   out=None if out is None else out[None], threads=threads)
        return y[0] if out is None else out
    return Plan(tuple(input.shape), weight, bias, stride, padding, dilation, groups)(input, out, threads=threads)


def corr2d_multi_in(X: Array, K: AnyArray) -> Array:
    """X (channels, h, w), K (channels, kh, kw): each channel correlated with its kernel, and all added up: a map."""
    _check_dimensions(X, K, 3)
    return conv2d(X, K[None])[0]


def corr2d_multi_in_out(X: Array, K: AnyArray) -> Array:
    """X (channels, h, w), K (outputs, channels, kh, kw): corr2d_multi_in for each output, stacked."""
    _check_dimensions(X, K, 4)
    return conv2d(X, K)


def corr2d_multi_in_out_1x1(X: Array, K: AnyArray, bias: Optional[AnyArray] = None) -> Array:
    """X (channels, h, w), K (outputs, channels) or (outputs, channels, 1, 1): a fully connected layer at each pixel."""
    if K.ndim == 4 and tuple(K.shape[2:]) != (1, 1):
        raise ValueError(f"K must be (outputs, channels) or (outputs, channels, 1, 1), not {tuple(K.shape)}")
    weight = K if K.ndim == 4 else K[..., None, None]
    _check_dimensions(X, weight, 4)
    return conv2d(X, weight, bias)


def _check_dimensions(X: AnyArray, K: AnyArray, wanted: int) -> None:
    if X.ndim != 3 or K.ndim != wanted:
        raise ValueError(f"X must have 3 dimensions and K {wanted}, not {tuple(X.shape)} and {tuple(K.shape)}")
