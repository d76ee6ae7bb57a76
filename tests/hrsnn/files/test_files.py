"""Files: whole or not at all, and read without trust."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import numpy as np
import pytest

from hrsnn import FileError
from hrsnn.files.npz import load_arrays, read_npz, write_npz
from hrsnn.files.writing import to_json, write_json, write_text, writing

ARRAYS = {"a": np.arange(5.0), "b": np.array(["x", "yz"]), "c": np.zeros((2, 0), bool)}


def test_round_trip_of_arrays_and_header(tmp_path):
    path = tmp_path / "a.npz"
    write_npz(path, "thing", 3, ARRAYS, {"dt": 0.5, "on": True, "nothing": None})
    arrays, header = read_npz(path, "thing", 3)
    assert header == {"dt": 0.5, "on": True, "nothing": None}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)
    assert os.listdir(tmp_path) == ["a.npz"]


def test_json_is_sorted_plain_and_strict(tmp_path):
    value = {"b": np.float32(0.5), "a": [np.arange(2), (1, math_nan := float("nan"))], "c": {1: np.True_}}
    assert to_json(value) == '{"a": [[0, 1], [1, null]], "b": 0.5, "c": {"1": true}}'
    assert np.isnan(math_nan)
    write_json(tmp_path / "a.json", {"x": float("inf")})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": None}


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    expected = FileError if isinstance(error, OSError) else type(error)

    def write_half() -> None:
        with writing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(expected):
        write_half()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_disk_that_is_full_while_syncing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match=r"a\.txt: cannot be written: No space left on device"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_disk_that_is_really_full_leaves_the_old_file(tmp_path):
    """A limit on the size of files, in a process of its own."""
    path = tmp_path / "a.npz"
    write_npz(path, "thing", 1, {"a": np.arange(3)})
    before = path.read_bytes()
    limited = (
        "import resource, signal, sys, numpy as np\n"
        "from hrsnn import FileError\n"
        "from hrsnn.files.npz import write_npz\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n"
        "    write_npz(sys.argv[1], 'thing', 1, {'a': np.arange(100_000)})\n"
        "except FileError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", limited, str(path)], capture_output=True, text=True, check=True)
    assert "a.npz: cannot be written" in done.stdout
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.npz"]


def test_a_result_is_an_ordinary_file(tmp_path):
    umask = os.umask(0o027)
    try:
        write_text(tmp_path / "a.txt", "text")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileError, match=r"no/a\.txt: cannot be written: No such file or directory"):
        write_text(tmp_path / "no" / "a.txt", "text")


def test_objects_are_never_pickled(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(ValueError, match="a holds objects"):
        write_npz(path, "thing", 1, {"a": np.array([{}], dtype=object)})
    assert os.listdir(tmp_path) == []
    np.savez(path, a=np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(FileError, match="arrays of objects are refused"):
        load_arrays(path)


def test_what_is_no_such_file_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "a.npz"
    write_npz(path, "thing", 2, ARRAYS)
    whole = path.read_bytes()
    for kind, version, reason in (
        ("other", 2, "holds a 'thing', wanted a 'other'"),
        ("thing", 1, "has version 2 of its layout; this hrsnn reads up to 1: upgrade"),
    ):
        with pytest.raises(FileError, match=reason):
            read_npz(path, kind, version)
    for content, reason in ((b"", "damaged"), (b"PK", "damaged"), (b"text", "damaged"), (whole[:-30], "damaged")):
        path.write_bytes(content)
        with pytest.raises(FileError, match=reason):
            read_npz(path, "thing", 2)
    np.savez(path, a=np.arange(3))
    with pytest.raises(FileError, match="does not say what it is"):
        read_npz(path, "thing", 2)
    for about in ("not json", '"text"', "{}", '{"kind": "thing", "version": "new", "header": 0}'):
        np.savez(path, __about__=np.array(about))
        with pytest.raises(FileError, match="header cannot be read"):
            read_npz(path, "thing", 2)
    np.save(tmp_path / "b.npy", np.arange(3))
    with pytest.raises(FileError, match=r"is not an \.npz file"):
        read_npz(tmp_path / "b.npy", "thing", 2)
    with pytest.raises(FileError, match="does not exist"):
        read_npz(tmp_path / "c.npz", "thing", 2)
    with pytest.raises(FileError, match="is a folder, and no ordinary file"):
        read_npz(tmp_path, "thing", 2)


def test_any_damage_is_noticed_or_harmless(tmp_path):
    """One byte changed, or the file cut, anywhere: a FileError, or the very same arrays."""
    path, rng = tmp_path / "a.npz", np.random.default_rng(0)
    write_npz(path, "thing", 1, ARRAYS, {"dt": 0.5})
    whole = path.read_bytes()
    refused = 0
    for k in range(400):
        refuse_damaged = bytearray(whole)
        place = int(rng.integers(len(whole)))
        if k % 4:
            refuse_damaged[place] ^= int(rng.integers(1, 256))
        else:
            del refuse_damaged[place:]
        path.write_bytes(refuse_damaged)
        try:
            arrays, header = read_npz(path, "thing", 1)
        except FileError:
            refused += 1
            continue
        assert header == {"dt": 0.5}
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, ARRAYS[name])
    assert refused > 200


def test_a_digest_binds_content_header_and_kind(tmp_path):
    path = tmp_path / "a.npz"
    write_npz(path, "thing", 1, ARRAYS, {"dt": 0.5})
    stored = load_arrays(path)
    about = json.loads(str(stored.pop("__about__")))
    assert len(about["sha256"]) == 64
    changed = {
        "a value": ({**stored, "a": stored["a"] + 1e-12}, about),
        "a name": ({"A" if name == "a" else name: array for name, array in stored.items()}, about),
        "a shape": ({**stored, "a": stored["a"][:, None]}, about),
        "a type": ({**stored, "a": stored["a"].astype(">f8")}, about),
        "one more": ({**stored, "d": np.zeros(0)}, about),
        "the header": (stored, {**about, "header": {"dt": 0.25}}),
        "the digest": (stored, {**about, "sha256": "0" * 64}),
        "no digest but a word": (stored, {**about, "sha256": 3}),
    }
    for what, (arrays, said) in changed.items():
        np.savez(path, __about__=np.array(json.dumps(said)), **arrays)
        with pytest.raises(FileError, match="its content is not what its digest says"):
            read_npz(path, "thing", 1)
        # without a digest, as other programs write it, the file is taken as it is
        del said["sha256"]
        np.savez(path, __about__=np.array(json.dumps(said)), **arrays)
        assert read_npz(path, "thing", 1)[0].keys() == arrays.keys(), what
        about["sha256"] = "0" * 64


@pytest.mark.parametrize("values", [np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.zeros((0, 3)), np.array(2.5)])
def test_arrays_come_back_as_they_were(tmp_path, values):
    np.savez_compressed(tmp_path / "a.npz", a=values)
    back = load_arrays(tmp_path / "a.npz")["a"]
    assert (back.shape, back.dtype) == (values.shape, values.dtype)
    np.testing.assert_array_equal(back, values)
