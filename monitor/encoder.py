"""What sentences mean, as vectors: a small published text encoder, run by CTranslate2.

The weights (``text`` in models/manifest.toml) are a BERT of six layers that others trained so that
sentences of like meaning get vectors that lie close together (Reimers & Gurevych 2019). They are
published for another library; here they become a model of CTranslate2, in memory, with weights
of eight bits: 23 MB in place of 90, and about 1 ms for a sentence on one core.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import ctranslate2
import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from monitor.weights import WeightsError

F32 = NDArray[np.float32]

FILES: Final = ("config.json", "model.safetensors", "tokenizer.json")
LONGEST: Final = 64
"""Tokens read of a sentence; one of forty words has about fifty."""
BATCH: Final = 32
COMPUTE_TYPE: Final = "int8"


class Encoder:
    """Stateless; safe to call from several threads at once."""

    def __init__(self, folder: Path) -> None:
        """Load the files of ``FILES``. Raises WeightsError."""
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            tensors = load_file(folder / "model.safetensors")
            self._tokenizer = _tokenizer(folder / "tokenizer.json")
            spec = _spec(config, tensors, self._tokenizer)
            spec.optimize(quantization=COMPUTE_TYPE)
            # CTranslate2 writes files and reads them: it has no other way from here to there.
            with tempfile.TemporaryDirectory(prefix="monitor-encoder-") as scratch:
                spec.save(scratch)
                self._model: Any = ctranslate2.Encoder(
                    scratch, compute_type=COMPUTE_TYPE, inter_threads=1, intra_threads=1
                )
        except (
            OSError,
            LookupError,
            TypeError,
            ValueError,
            RuntimeError,
            SafetensorError,
        ) as error:
            raise WeightsError(
                f"{folder} holds no text encoder that can be used: {error}"
            ) from error
        self.width = int(config["hidden_size"])
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)

    def encode(self, sentences: Sequence[str]) -> F32:
        """Vectors of length 1, shape (sentences, width). Raises RuntimeError.

        The mean over all tokens, as the weights were trained. One sentence at a time gives the
        same vector whatever it is encoded with; together they differ by rounding.
        """
        vectors = np.empty((len(sentences), self.width), np.float32)
        for start in range(0, len(sentences), BATCH):
            # One by one: for a batch the library makes a thread for each core, and keeps them.
            ids = [self._tokenizer.encode(one).ids for one in sentences[start : start + BATCH]]
            vectors[start : start + len(ids)] = self._encode(ids)
        return vectors

    def _encode(self, ids: list[list[int]]) -> F32:
        lengths = np.array([len(row) for row in ids], np.int32)
        padded = np.zeros((len(ids), int(lengths.max())), np.int32)
        for row, known in zip(padded, ids, strict=True):
            row[: len(known)] = known
        output = self._model.forward_batch(
            ctranslate2.StorageView.from_array(padded),
            ctranslate2.StorageView.from_array(lengths),
            np.zeros_like(padded).tolist(),
        )
        hidden: F32 = np.array(output.last_hidden_state)
        there = np.arange(padded.shape[1]) < lengths[:, np.newaxis]
        total = np.einsum("bth,bt->bh", hidden, there.astype(np.float32))
        vectors: F32 = total / np.linalg.norm(total, axis=1, keepdims=True)
        return vectors


def _tokenizer(path: Path) -> Tokenizer:
    text = path.read_text(encoding="utf-8")
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # what the library raises has no narrower class
        raise ValueError(f"{path.name}: {error}") from error


def _spec(
    config: dict[str, Any], tensors: dict[str, F32], tokenizer: Tokenizer
) -> transformer_spec.TransformerEncoderModelSpec:
    """A BERT as CTranslate2 describes one. Raises KeyError for a tensor that is not there."""

    def linear(spec: Any, *names: str) -> None:
        spec.weight = np.concatenate([tensors[f"{name}.weight"] for name in names])
        spec.bias = np.concatenate([tensors[f"{name}.bias"] for name in names])

    def norm(spec: Any, name: str) -> None:
        spec.gamma, spec.beta = tensors[f"{name}.weight"], tensors[f"{name}.bias"]

    encoder = transformer_spec.TransformerEncoderSpec(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = tensors["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = tensors["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = tensors["embeddings.position_embeddings.weight"]
    norm(encoder.layernorm_embedding, "embeddings.LayerNorm")
    for number, layer in enumerate(encoder.layer):
        at = f"encoder.layer.{number}"
        attention = layer.self_attention
        linear(
            attention.linear[0], *(f"{at}.attention.self.{x}" for x in ("query", "key", "value"))
        )
        linear(attention.linear[1], f"{at}.attention.output.dense")
        norm(attention.layer_norm, f"{at}.attention.output.LayerNorm")
        linear(layer.ffn.linear_0, f"{at}.intermediate.dense")
        linear(layer.ffn.linear_1, f"{at}.output.dense")
        norm(layer.ffn.layer_norm, f"{at}.output.LayerNorm")
    spec = transformer_spec.TransformerEncoderModelSpec(encoder)
    words = tokenizer.get_vocab()
    spec.register_vocabulary(sorted(words, key=words.__getitem__))
    spec.config.layer_norm_epsilon = config["layer_norm_eps"]
    spec.config.unk_token = "[UNK]"  # noqa: S105
    spec.validate()
    return spec
