"""Sentences to vectors: near where they mean alike, the same whatever is encoded with them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from monitor.config import AsrSettings
from monitor.encoder import BATCH, FILES, LONGEST, Encoder
from monitor.weights import ENCODER_MISSING, WeightsError, find_encoder

F64 = NDArray[np.float64]

SAID = [
    "I want to speak to your manager.",
    "Let me talk with a supervisor.",
    "My invoice has the wrong amount on it.",
    "You have billed me too much.",
    "The sun is out today.",
    "No.",
    "",
    "Well, as I told the gentleman who I had on the line before you, the one who put me on hold, "
    "the box came on Tuesday, but half of what I had ordered was not in it.",
]
MANAGER, SUPERVISOR, AMOUNT, BILLED, SUN = range(5)


@pytest.fixture(scope="module")
def folder() -> Path:
    found = find_encoder(AsrSettings())
    if found is None:
        pytest.skip(ENCODER_MISSING)
    return found.folder


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder(folder)


def one_by_one(encoder: Encoder, sentences: list[str]) -> list[bytes]:
    """Every bit of the vector of each."""
    return [encoder.encode([sentence]).tobytes() for sentence in sentences]


# ---- what a vector is --------------------------------------------------------------------


def test_vectors_have_length_1(encoder: Encoder) -> None:
    vectors = encoder.encode(SAID)
    assert vectors.shape == (len(SAID), encoder.width)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert encoder.encode([]).shape == (0, encoder.width)


def test_sentences_that_mean_alike_are_nearer_than_others(encoder: Encoder) -> None:
    near = (vectors := encoder.encode(SAID)) @ vectors.T
    for one, alike in ((MANAGER, SUPERVISOR), (AMOUNT, BILLED)):
        others = {MANAGER, SUPERVISOR, AMOUNT, BILLED, SUN} - {one, alike}
        assert near[one, alike] > max(near[one, k] for k in others) + 0.1
        assert near[one, SUN] < 0.2


def test_a_vector_is_of_what_is_said_and_not_of_the_padding_beside_it(encoder: Encoder) -> None:
    """Weights of eight bits round by what stands beside them, but no more than that."""
    together = encoder.encode(SAID)
    for sentence, vector in zip(SAID, together, strict=True):
        assert float(encoder.encode([sentence])[0] @ vector) > 0.99


def test_it_is_the_encoder_that_was_published(
    encoder: Encoder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the same weights in plain NumPy; eight bits turn a vector a little."""
    plain = Plain(folder)
    expected = np.stack([plain.encode(sentence) for sentence in SAID])
    monkeypatch.setattr("monitor.encoder.COMPUTE_TYPE", "float32")
    np.testing.assert_allclose(Encoder(folder).encode(SAID), expected, atol=1e-5)
    eight_bits = np.einsum("sw,sw->s", encoder.encode(SAID), expected)
    assert eight_bits.min() > 0.96


class Plain:
    """A BERT (Devlin et al. 2019) for one sentence, with nothing but its weights."""

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.layers, self.heads = config["num_hidden_layers"], config["num_attention_heads"]
        self.eps = config["layer_norm_eps"]
        self.tensors = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(LONGEST)

    def encode(self, sentence: str) -> F64:
        ids = self.tokenizer.encode(sentence).ids
        words, places, kinds = (
            self.tensors[f"embeddings.{name}_embeddings.weight"]
            for name in ("word", "position", "token_type")
        )
        x = self.norm(words[ids] + places[: len(ids)] + kinds[0], "embeddings.LayerNorm")
        for number in range(self.layers):
            x = self.layer(x, f"encoder.layer.{number}")
        total: F64 = x.sum(axis=0)
        return total / np.linalg.norm(total)

    def layer(self, x: F64, at: str) -> F64:
        query, key, value = (
            self.linear(x, f"{at}.attention.self.{name}")
            .reshape(len(x), self.heads, -1)
            .swapaxes(0, 1)
            for name in ("query", "key", "value")
        )
        weights = np.exp(query @ key.swapaxes(1, 2) / query.shape[-1] ** 0.5)
        weights /= weights.sum(axis=-1, keepdims=True)
        seen = (weights @ value).swapaxes(0, 1).reshape(x.shape)
        seen = self.linear(seen, f"{at}.attention.output.dense")
        x = self.norm(x + seen, f"{at}.attention.output.LayerNorm")
        inner = self.linear(x, f"{at}.intermediate.dense")
        inner = inner * (1 + np.vectorize(math.erf)(inner / 2**0.5)) / 2
        inner = self.linear(inner, f"{at}.output.dense")
        return self.norm(x + inner, f"{at}.output.LayerNorm")

    def linear(self, x: F64, name: str) -> F64:
        return x @ self.tensors[f"{name}.weight"].T + self.tensors[f"{name}.bias"]

    def norm(self, x: F64, name: str) -> F64:
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + self.eps)
        return x * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]


def test_case_does_not_count_and_the_order_of_words_does(encoder: Encoder) -> None:
    lower, upper, turned = one_by_one(encoder, ["you owe me", "YOU OWE ME", "me owe you"])
    assert lower == upper != turned


# ---- the same, always --------------------------------------------------------------------


def test_one_by_one_it_is_the_same_to_the_bit_whatever_came_before(
    encoder: Encoder, folder: Path
) -> None:
    expected = one_by_one(encoder, SAID)
    encoder.encode(SAID * 3)
    assert one_by_one(encoder, SAID[::-1]) == expected[::-1]
    assert one_by_one(Encoder(folder), SAID) == expected, "loaded anew"


def test_a_list_longer_than_a_batch_keeps_its_order(encoder: Encoder) -> None:
    many = [f"There were {number} of them." for number in range(BATCH + 5)]
    alone = np.concatenate([encoder.encode([sentence]) for sentence in many])
    nearest = (encoder.encode(many) @ alone.T).argmax(axis=1)
    assert nearest.tolist() == list(range(len(many)))


def test_what_is_too_long_is_read_as_far_as_it_goes(encoder: Encoder) -> None:
    long = "and then " * LONGEST
    same, other = one_by_one(encoder, [long + "I left", long + "it rained"])
    assert same == other
    assert one_by_one(encoder, ["and then I left"]) != one_by_one(encoder, ["and then it rained"])


def test_threads_at_once_get_what_one_gets(encoder: Encoder) -> None:
    expected = one_by_one(encoder, SAID)
    with ThreadPoolExecutor(4) as threads:
        got = list(threads.map(lambda _: one_by_one(encoder, SAID), range(8)))
    assert got == [expected] * 8


# ---- files that are no encoder -----------------------------------------------------------


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).symlink_to(folder / name)
    return tmp_path


def replaced(file: str, data: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).write_bytes(data)

    return change


def configured(**more: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        known = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        replaced("config.json", json.dumps(known | more).encode())(folder)

    return change


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_names_its_folder(copy: Path, missing: str) -> None:
    (copy / missing).unlink()
    with pytest.raises(WeightsError) as failed:
        Encoder(copy)
    assert str(copy) in str(failed.value)


@pytest.mark.parametrize(
    "change",
    [
        replaced("config.json", b"{"),
        replaced("config.json", b"\xff"),
        replaced("config.json", b"{}"),
        replaced("config.json", b"[]"),
        replaced("model.safetensors", b""),
        replaced("model.safetensors", b"\0" * 4096),
        replaced("tokenizer.json", b""),
        replaced("tokenizer.json", b"{}"),
        configured(num_hidden_layers=7),
        configured(num_hidden_layers="6"),
        configured(layer_norm_eps="small"),
    ],
)
def test_broken_files_name_their_folder(copy: Path, change: Callable[[Path], None]) -> None:
    change(copy)
    with pytest.raises(WeightsError) as failed:
        Encoder(copy)
    assert str(copy) in str(failed.value)


def test_a_copy_that_nothing_was_done_to_does_load(copy: Path) -> None:
    assert Encoder(copy).width == 384
