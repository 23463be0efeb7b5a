"""Voice activity: Silero VAD v6, state batched over channels and blocks.

The weights are those of the file that faster-whisper bundles (MIT licence). That graph is a
16 kHz model which reads its batch axis as *time*, with one LSTM state: many channels would
be many calls, many blocks of many channels even more. So the graph is built anew in memory
around the same weights: the encoder's rows are folded to (blocks, channels, features) before
the LSTM, whose own batch axis then counts channels; and the convolutions, which run row by
row over four frames or fewer, become matrix products over all rows, about three times as
fast. A test holds it against the file as it is.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import faster_whisper
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from monitor.audio import BLOCK

F32 = NDArray[np.float32]

STATE = 128
"""Length of each of the two LSTM state vectors of a channel."""
LEAD = 48
"""Samples of 8 kHz audio that ``windows`` needs before a block: 32 of context, 16 of filter."""
DELAY = 8
"""Samples by which the filter delays the audio: 1 ms."""

_CONTEXT: Final = 64
_WINDOW: Final = _CONTEXT + 2 * BLOCK
_ROWS: Final = 512  # rows of one run: larger ones leave the caches
_SHA256: Final = "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2"


class ModelError(RuntimeError):
    """The weights are not there or not the expected ones; the message names the fix."""


def model_path() -> Path:
    """Where the installed faster-whisper keeps the model."""
    return Path(faster_whisper.__file__).parent / "assets" / "silero_vad_v6.onnx"


def _half_band() -> list[np.float32]:
    """One half of a symmetric 16-tap interpolator: sinc under a Kaiser window."""
    taps = np.sinc(np.arange(16) - 7.5) * np.kaiser(16, 6.0)
    return list((taps / taps.sum()).astype(np.float32)[:8])


_TAPS: Final = tuple(_half_band())


def windows(pcm: F32) -> F32:
    """Model input of consecutive blocks: (channels, 48 + 256·blocks) at 8 kHz in,
    (blocks, channels, 576) at 16 kHz out.

    The sums run tap by tap over whole arrays, never through BLAS, so that a sample comes
    out with the same bits whatever stands beside it.
    """
    channels, samples = pcm.shape
    blocks = (samples - LEAD) // BLOCK
    length = samples - 15
    between = np.zeros((channels, length), np.float32)
    for k, tap in enumerate(_TAPS):
        between += tap * (pcm[:, k : k + length] + pcm[:, 15 - k : 15 - k + length])
    doubled = np.empty((channels, length, 2), np.float32)
    doubled[:, :, 0] = pcm[:, 7 : 7 + length]
    doubled[:, :, 1] = between
    flat = doubled.reshape(channels, 2 * length)[:, -(2 * BLOCK * blocks + _CONTEXT) :]
    views = np.lib.stride_tricks.sliding_window_view(flat, _WINDOW, axis=1)[:, :: 2 * BLOCK]
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
                f"voice activity model {path.name} cannot be read ({error.strerror}): "
                "pip install --force-reinstall faster-whisper"
            ) from error
        if hashlib.sha256(data).hexdigest() != _SHA256:
            raise ModelError(
                f"voice activity model {path.name} is not the expected file (sha256 differs): "
                "pip install --force-reinstall 'faster-whisper==1.2.1'"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            _batched(data), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def speech(self, frames: F32, hidden: F32, cell: F32) -> tuple[F32, F32, F32]:
        """Speech probability of each window and the state after the last.

        ``frames`` (blocks, channels, 576); ``hidden`` and ``cell`` (channels, 128), zeros
        at the start of a channel. Gives (blocks, channels) and the two new states. The
        numbers of a channel do not depend on the others, nor on how its blocks are split
        over calls.
        """
        blocks, channels, _ = frames.shape
        # A matrix of one row may take another path through the kernels (GEMV), with other
        # rounding; two rows and more are computed alike.
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
                {"input": part.reshape(-1, _WINDOW), "h": state_h, "c": state_c},
            )
            logits[start : start + step] = out.reshape(-1, rows)
        with np.errstate(over="ignore"):
            speech = np.float32(1) / (np.float32(1) + np.exp(-logits))
        return speech[:, :channels], state_h[0, :channels], state_c[0, :channels]


class _Graph:
    """Collects operations and constants; names what nobody names."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def op(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        out = out or f"{kind}_{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def constant(self, values: Any) -> str:
        name = f"constant_{len(self.constants)}"
        array = np.ascontiguousarray(values)
        self.constants.append(onnx.numpy_helper.from_array(array, name=name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def reshape(self, x: str, *shape: int) -> str:
        return self.op("Reshape", x, self.ints(*shape))

    def part(self, x: str, start: int, stop: int, axis: int = 1, step: int = 1) -> str:
        ends = (self.ints(start), self.ints(stop), self.ints(axis), self.ints(step))
        return self.op("Slice", x, *ends)

    def dense(self, x: str, weight: F32, bias: str, taps: tuple[int, ...]) -> str:
        """Convolution weights (out, in, kernel) over rows that hold the taps side by side."""
        matrix = np.concatenate([weight[:, :, tap].T for tap in taps])
        return self.op("Relu", self.op("Gemm", x, self.constant(matrix), bias))


def _batched(data: bytes) -> bytes:
    """The same function of the same weights, for rows ordered (blocks, channels).

    ``input`` (blocks·channels, 576); ``h``, ``c``, ``hn``, ``cn`` (1, channels, 128);
    ``logits`` (blocks·channels,). The layer sizes are those of the file whose hash was
    checked: 4 frames of 129 magnitudes, then convolutions of kernel 3, padding 1, strides
    1, 2, 2, 1, which leave 4, 2, 1, 1 frames.
    """
    model = onnx.load_from_string(data)
    old = model.graph
    weights = {w.name: onnx.numpy_helper.to_array(w) for w in old.initializer}
    new = _Graph()

    # Short-time Fourier transform: frames of 256 every 128 samples, as pairs of halves.
    halves = new.reshape(
        new.op("Pad", "input", new.ints(0, 0, 0, _CONTEXT), mode="reflect"), -1, 5, 128
    )
    frames = new.op("Concat", new.part(halves, 0, 4), new.part(halves, 1, 5), axis=2)
    basis = new.constant(weights["encoder.feature_extractor.forward_basis_buffer"][:, 0].T)
    spectrum = new.op("MatMul", new.reshape(frames, -1, 256), basis)
    squares = new.op("Mul", spectrum, spectrum)
    power = new.op("Add", new.part(squares, 0, 129), new.part(squares, 129, 258))
    x = new.reshape(new.op("Sqrt", power), -1, 4, 129)

    def layer(x: str, number: int, taps: tuple[int, ...]) -> str:
        name = f"encoder.conv_layers.{number}"
        return new.dense(x, weights[f"{name}.weight"], f"{name}.bias", taps)

    x = new.op("Pad", x, new.ints(0, 1, 0, 0, 1, 0))
    x = new.op("Concat", *(new.part(x, k, k + 4) for k in range(3)), axis=2)
    x = new.reshape(layer(new.reshape(x, -1, 3 * 129), 0, (0, 1, 2)), -1, 4, 128)
    x = new.op("Pad", x, new.ints(0, 1, 0, 0, 0, 0))
    x = new.op("Concat", *(new.part(x, k, k + 3, step=2) for k in range(3)), axis=2)
    x = layer(new.reshape(x, -1, 3 * 128), 1, (0, 1, 2))
    # Of two frames the first tap, of one frame the outer taps fall on padding.
    x = layer(new.reshape(x, -1, 2 * 64), 2, (1, 2))
    x = layer(x, 3, (1,))

    channels = new.op("Shape", "h", start=1, end=2)
    steps = new.op("Concat", new.ints(-1), channels, new.ints(STATE), axis=0)
    lstm = next(node for node in old.node if node.op_type == "LSTM")
    new.op("Reshape", x, steps, out=lstm.input[0])
    new.nodes.append(lstm)
    # Every row passes the last layer by itself: its sum then runs in one order for any
    # number of rows.
    column = new.reshape(new.op("Relu", new.reshape(lstm.output[0], -1, STATE)), -1, STATE, 1)
    last = new.op("Conv", column, "decoder.conv1d.weight", "decoder.conv1d.bias", kernel_shape=[1])
    new.op("Reshape", last, new.ints(-1), out="logits")

    used = {name for node in new.nodes for name in node.input}
    kept = [w for w in old.initializer if w.name in used]
    for field, values in (("node", new.nodes), ("initializer", kept + new.constants)):
        old.ClearField(field)
        getattr(old, field).extend(values)
    old.ClearField("value_info")
    for state in (*old.input[1:], *old.output[1:]):
        state.type.tensor_type.shape.dim[1].dim_param = "channels"
    old.output[0].name = "logits"
    old.output[0].type.tensor_type.shape.dim[0].dim_param = "rows"
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
