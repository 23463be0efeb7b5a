"""Voice activity: Silero VAD v6, state batched over channels and blocks.

The model is the file that faster-whisper bundles (MIT licence). It is a 16 kHz model that
reads its batch axis as *time*, with one LSTM state: many channels would be many calls,
many blocks of many channels even more. So the graph is changed in memory: the encoder's
rows are folded to (blocks, channels, features) before the LSTM, whose own batch axis then
counts channels. The weights and every other operation stay as they are.
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


def _batched(data: bytes) -> bytes:
    """The same model with rows ordered (blocks, channels), and logits as output.

    ``input`` (blocks·channels, 576); ``h``, ``c``, ``hn``, ``cn`` (1, channels, 128).
    """
    model = onnx.load_from_string(data)
    graph, make = model.graph, onnx.helper.make_node
    encoded = "/encoder/relu_3/Relu_output_0"  # (rows, 128, 1)
    sequence = "/Transpose_output_0"  # the LSTM's input
    decoded = "/decoder/relu/Relu_output_0"  # (blocks, channels, 128)
    replaced: dict[str, list[onnx.NodeProto]] = {
        "/Transpose": [
            make("Shape", ["h"], ["channels"], start=1, end=2),
            make("Concat", ["any", "channels", "features"], ["steps"], axis=0),
            make("Reshape", [encoded, "steps"], [sequence]),
        ],
        # Every row passes the last layer as a sequence of length one: its sums then run in
        # one order for any number of blocks.
        "/decoder/Transpose": [
            make("Reshape", [decoded, "column"], ["/decoder/Transpose_output_0"])
        ],
        "/decoder/sigmoid/Sigmoid": [],
        "/Reshape": [make("Reshape", ["/decoder/conv1d/Conv_output_0", "any"], ["logits"])],
    }
    nodes = [new for node in graph.node for new in replaced.get(node.name, [node])]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    for name, values in (("any", [-1]), ("features", [STATE]), ("column", [-1, STATE, 1])):
        graph.initializer.append(
            onnx.numpy_helper.from_array(np.array(values, np.int64), name=name)
        )
    for state in (*graph.input[1:], *graph.output[1:]):
        state.type.tensor_type.shape.dim[1].dim_param = "channels"
    graph.output[0].name = "logits"
    graph.output[0].type.tensor_type.shape.dim[0].dim_param = "rows"
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
