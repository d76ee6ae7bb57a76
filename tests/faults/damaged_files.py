"""Files damaged in every way that a disk, a network or a careless hand has: each function takes whole files and one seed."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hrsnn.files.digested_json import DIGEST, with_digest
from hrsnn.files.npz import ABOUT, digest
from hrsnn.files.writing import to_json

Random = np.random.Generator
Damage = Callable[[bytes, Random], bytes]

_ODD = (None, True, False, -1, 0, 1, 0.5, -0.5, 1e300, 5e-324, 2**31, 2**53 + 1, 2**70, -(2**63), "x", "1", "", [], [1], {})
_BAD_NUMBERS = (np.nan, np.inf, -np.inf, -1.0, -0.0, 0.0, 0.5, 1e300, -1e300, 5e-324, 2.0**31, 2.0**62, 2.0**63)
_BAD_INTEGERS = (-1, 0, 1, 7, 2**15, 2**31 - 1, 2**31, 2**53 + 1, 2**62, 2**63 - 1, -(2**63))


# Any file


def bits(data: bytes, random: Random) -> bytes:
    """One to four bits flipped."""
    changed = bytearray(data)
    for place in random.integers(len(data), size=random.integers(1, 5)):
        changed[place] ^= 1 << int(random.integers(8))
    return bytes(changed)


def truncated(data: bytes, random: Random) -> bytes:
    """Cut somewhere, at its very end or its very beginning too."""
    return data[: int(random.choice([0, 1, len(data) - 1, random.integers(len(data)), random.integers(len(data))]))]


def block(data: bytes, random: Random) -> bytes:
    """A block of zeros, of noise, left out, or written twice."""
    start = int(random.integers(len(data)))
    stop = min(len(data), start + int(random.choice([1, 16, 512])))
    middles = (bytes(stop - start), random.bytes(stop - start), b"", data[start:stop] * 2)
    return data[:start] + middles[random.integers(len(middles))] + data[stop:]


def appended(data: bytes, random: Random) -> bytes:
    """Something after the end, or before the beginning."""
    more = (b"\0" * 100, random.bytes(20), data, b"\n")[random.integers(4)]
    return data + more if random.random() < 0.8 else more + data


def other_kind(data: bytes, random: Random) -> bytes:
    """A file of another kind altogether."""
    kinds = (
        b"",
        b"\x93NUMPY\x01\x00",
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"{}",
        b"[]",
        b"\xff\xfe\0x",
        b"\0" * 64,
        b"null",
    )
    return kinds[random.integers(len(kinds))]


ANY: Mapping[str, Damage] = {f.__name__: f for f in (bits, truncated, block, appended, other_kind)}


# npz


def _members(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def _packed(members: list[tuple[str, bytes]], random: Random) -> bytes:
    out = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if random.random() < 0.2 else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, kind)  # a name twice only warns
    return out.getvalue()


def _npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, allow_pickle=True)
    return out.getvalue()


def _arrays(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        arrays = dict(archive)
    return arrays, json.loads(str(arrays.pop(ABOUT)))


def _repacked(arrays: Mapping[str, np.ndarray], about: Any, random: Random, raw: Mapping[str, bytes] | None = None) -> bytes:
    """The arrays as a file whose digest is repaired (half of the time), left as it is, or taken out."""
    if isinstance(about, dict):
        about = dict(about)
        turn = random.random()
        if turn < 0.75:
            about.pop("sha256", None)
        if turn < 0.5:
            about["sha256"] = digest(about, {name: a for name, a in arrays.items() if not a.dtype.hasobject})
    text = about if isinstance(about, str) else json.dumps(about, sort_keys=True)
    contents = {ABOUT: np.array(text), **arrays}
    members = [(f"{name}.npy", (raw or {}).get(name) or _npy(array)) for name, array in contents.items()]
    return _packed(members, random)


def _chosen(arrays: Mapping[str, np.ndarray], random: Random) -> str:
    return sorted(arrays)[random.integers(len(arrays))]


def lengths(data: bytes, random: Random) -> bytes:
    """An array of another length or shape."""
    arrays, about = _arrays(data)
    name = _chosen(arrays, random)
    a = arrays[name]
    row = np.atleast_1d(a)
    forms = (
        row[:-1],
        np.concatenate([row, row[:1]]),
        row[:0],
        np.zeros((), a.dtype),
        a[None],
        a[..., None],
        np.repeat(row, 2, axis=0),
        a.T,
    )
    return _repacked({**arrays, name: forms[random.integers(len(forms))]}, about, random)


def types(data: bytes, random: Random) -> bytes:
    """An array of another type."""
    arrays, about = _arrays(data)
    name = _chosen(arrays, random)
    a = arrays[name]
    numeric = a if a.dtype.kind != "U" else np.zeros(len(a))
    forms = (
        a.astype(object),
        numeric.astype(complex),
        a.astype("U32"),
        a.astype("S32"),
        np.array([(x,) for x in a.ravel().tolist()], dtype=[("f", a.dtype)]),
        a.astype(a.dtype.newbyteorder(">")),
        numeric.astype(np.float32),
        numeric.astype(np.longdouble),
        numeric.astype(np.float16),
        numeric.astype(bool),
        numeric.astype(np.int64),
        numeric.astype(np.uint64) if (numeric >= 0).all() else numeric.astype(np.int8),
        numeric.astype("M8[ms]") if numeric.dtype.kind in "iu" else numeric.astype(np.int64).astype("m8[ms]"),
        np.asfortranarray(a),
    )
    with np.errstate(all="ignore"):
        return _repacked({**arrays, name: forms[random.integers(len(forms))]}, about, random)


def values(data: bytes, random: Random) -> bytes:
    """One value that is none, or another one; or two values in each other's place; or all the same."""
    arrays, about = _arrays(data)
    name = _chosen({n: a for n, a in arrays.items() if a.size}, random)
    a = arrays[name].copy()
    flat, place, turn = a.reshape(-1), int(random.integers(a.size)), random.random()
    if turn < 0.15 and a.size > 1:
        flat[[place, place - 1]] = flat[[place - 1, place]]
    elif turn < 0.25:
        flat[:] = flat[place]
    elif a.dtype.kind == "f":
        flat[place] = _BAD_NUMBERS[random.integers(len(_BAD_NUMBERS))]
    elif a.dtype.kind in "iu":
        kept = [one for one in _BAD_INTEGERS if np.iinfo(a.dtype).min <= one <= np.iinfo(a.dtype).max]
        flat[place] = kept[random.integers(len(kept))]
    elif a.dtype.kind == "b":
        if random.random() < 0.5:
            raw = bytearray(_npy(a))
            raw[-1 - place] = int(random.choice([2, 255]))
            return _repacked({**arrays, name: a}, about, random, {name: bytes(raw)})
        flat[place] = not flat[place]
    else:
        flat[place] = ("", "a\nb", "\x1b", flat[place - 1])[random.integers(4)]
    return _repacked({**arrays, name: a}, about, random)


def members(data: bytes, random: Random) -> bytes:
    """A member that is missing, there twice, unknown, renamed, or with another's content."""
    arrays, about = _arrays(data)
    name, other = _chosen(arrays, random), _chosen(arrays, random)
    turn = random.integers(5)
    if turn == 0:
        return _repacked({n: a for n, a in arrays.items() if n != name}, about, random)
    if turn == 1:
        return _repacked({**arrays, "unknown": arrays[name]}, about, random)
    if turn == 2:
        return _repacked({**arrays, name: arrays[other], other: arrays[name]}, about, random)
    parts = _members(data)
    index = int(random.integers(len(parts)))
    if turn == 3:
        return _packed([*parts, (parts[index][0], parts[index - 1][1])], random)
    renamed = (parts[index][0].removesuffix(".npy"), "../" + parts[index][0], parts[index][0].upper(), "a" * 300 + ".npy")
    return _packed([*parts[:index], (renamed[random.integers(4)], parts[index][1]), *parts[index + 1 :]], random)


def array_headers(data: bytes, random: Random) -> bytes:
    """The header of an array says another shape or type than its bytes have."""
    parts = _members(data)
    index = int(random.integers(len(parts)))
    name, content = parts[index]
    size = int.from_bytes(content[8:10], "little")
    header, body = content[10 : 10 + size].decode("latin1"), content[10 + size :]
    shapes = (
        "(3,)",
        "(-1,)",
        "(0,)",
        "(10**6,)",
        "(1000000000000,)",
        "(-2, -4)",
        "(0, 99999999999999999999)",
        "()",
        "(2, 2)",
        "(1.0,)",
    )
    descriptions = (
        "'|O'",
        "'>f8'",
        "'<c16'",
        "'<i8'",
        "'|V0'",
        "'<U0'",
        "'|S0'",
        "'?'",
        "('<f8', (3,))",
        "[('a', '<f8')]",
        "'<f7'",
    )
    turn = random.integers(4)
    if turn == 0:
        header = re.sub(r"'shape': \([^)]*\)", f"'shape': {shapes[random.integers(len(shapes))]}", header)
    elif turn == 1:
        header = re.sub(r"'descr': '[^']*'", f"'descr': {descriptions[random.integers(len(descriptions))]}", header)
    elif turn == 2:
        header = re.sub(r"'descr': '[^']*'", f"'descr': {descriptions[4 + random.integers(3)]}", header)
        header = re.sub(r"'shape': \([^)]*\)", "'shape': (1000000000000000,)", header)
        body = b""
    else:
        header = ("{" * 500, "__import__('os')", header.replace("False", "True"), header.replace("}", ", 'x': 1}"))[
            random.integers(4)
        ]
    header = header.rstrip() + "\n"
    edited = content[:8] + len(header).to_bytes(2, "little") + header.encode("latin1") + body
    if random.random() < 0.1:
        edited = content[:6] + bytes([int(random.integers(256))]) + content[7:]
    return _packed([*parts[:index], (name, edited), *parts[index + 1 :]], random)


def about(data: bytes, random: Random) -> bytes:
    """What the file says of itself is something else."""
    arrays, said = _arrays(data)
    odd = _ODD[random.integers(len(_ODD))]
    turn, header = random.integers(6), said["header"]
    if turn == 0:
        said[sorted(said)[random.integers(len(said))]] = odd
    elif turn == 1:
        del said[sorted(said)[random.integers(len(said))]]
    elif turn == 2 and isinstance(header, dict):
        header[sorted(header)[random.integers(len(header))] if header else "unknown"] = odd
    elif turn == 3 and isinstance(header, dict):
        if header:
            header.pop(sorted(header)[random.integers(len(header))])
        if random.random() < 0.5:
            header["unknown"] = odd
    elif turn == 4:
        text = json.dumps(said)
        texts = (
            "",
            "null",
            "[]",
            "[" * 100_000,
            text[:-5],
            text.replace(": 1", ": NaN"),
            text.replace("{", '{"version": 0, ', 1),
        )
        return _repacked(arrays, texts[random.integers(len(texts))], random)
    else:
        as_array = (
            np.array([json.dumps(said)]),
            np.array(json.dumps(said).encode()),
            np.array(3.0),
            np.array(json.dumps(said), object),
        )
        parts = [(f"{n}.npy", _npy(a)) for n, a in arrays.items()]
        return _packed([(f"{ABOUT}.npy", _npy(as_array[random.integers(4)])), *parts], random)
    return _repacked(arrays, said, random)


NPZ: Mapping[str, Damage] = {f.__name__: f for f in (lengths, types, values, values, members, array_headers, about)} | {
    "more values": values
}


# JSON with a digest


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        return found + [one for key, item in value.items() for one in _paths(item, (*path, key))]
    if isinstance(value, list):
        return found + [one for key, item in list(enumerate(value))[:5] for one in _paths(item, (*path, key))]
    return found


def json_parts(data: bytes, random: Random) -> bytes:
    """A value that is missing, unknown, twice there, or another one; the digest is repaired half of the time."""
    value = json.loads(data)
    said = value.pop(DIGEST, None) if isinstance(value, dict) else None
    paths = _paths(value)
    path = paths[random.integers(len(paths))]
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    turn, odd = random.integers(6), _ODD[random.integers(len(_ODD))]
    if turn == 0:
        del parent[path[-1]]
    elif turn == 1:
        parent.append(odd) if isinstance(parent, list) else parent.update(unknown=odd)
    elif turn == 2:
        parent[path[-1]] = "@@"
        literal = ("NaN", "Infinity", "-Infinity", "1e999", "1" * 5000, "[" * 1000 + "]" * 1000, '{"a": 1, "a": 2}')[
            random.integers(7)
        ]
        return json.dumps({**value, DIGEST: said} if said else value).replace('"@@"', literal).encode()
    else:
        parent[path[-1]] = odd
    if said is not None and isinstance(value, dict):
        value = with_digest(value) if random.random() < 0.7 else {**value, DIGEST: said}
    return to_json(value, indent=2).encode()


def twice(data: bytes, random: Random) -> bytes:
    """A line of the text twice: a name twice in its mapping."""
    lines = data.splitlines(keepends=True)
    place = int(random.integers(len(lines)))
    return b"".join([*lines[: place + 1], *lines[place:]])


JSON: Mapping[str, Damage] = {"parts": json_parts, "more parts": json_parts, "twice": twice}


# Text


def lines(data: bytes, random: Random) -> bytes:
    """Lines left out, in another order, cut, or with one word more or less."""
    rows = data.decode("utf-8", "replace").splitlines()
    place = int(random.integers(len(rows)))
    row = rows[place]
    words = row.split(" ")
    word = int(random.integers(len(words)))
    forms = ([], [row[: len(row) // 2]], [row, rows[place - 1]], [" ".join(words[:word] + words[word + 1 :])], [f"{row} 1"])
    return "\n".join([*rows[:place], *forms[random.integers(len(forms))], *rows[place + 1 :], ""]).encode()


def numbers(data: bytes, random: Random) -> bytes:
    """A number that is none, or another one."""
    text = data.decode("utf-8", "replace")
    found = list(re.finditer(r"(?<![\w.])-?\d+(\.\d+)?(e-?\d+)?", text))
    one = found[random.integers(len(found))]
    odd = (
        "nan",
        "inf",
        "-inf",
        "-1",
        "0",
        "1e300",
        "1e-320",
        "99999999999999999999",
        "1_0",
        "true",
        '"1"',
        "",
        "0x10",
        "1e999",
        "[]",
    )
    return (text[: one.start()] + odd[random.integers(len(odd))] + text[one.end() :]).encode()


def words(data: bytes, random: Random) -> bytes:
    """A name or a quoted text that is another one."""
    text = data.decode("utf-8", "replace")
    found = list(re.finditer(r"[A-Za-z_]+|\d+", text))
    one, other = found[random.integers(len(found))], found[random.integers(len(found))]
    odd = (other.group(), one.group()[:-1], one.group() + "x", "nan", "true", "&a;", "\x00", "é", "'", one.group().upper())
    return (text[: one.start()] + odd[random.integers(len(odd))] + text[one.end() :]).encode()


TEXT: Mapping[str, Damage] = {f.__name__: f for f in (lines, numbers, words, twice)} | {"more numbers": numbers}


def entities(data: bytes, random: Random) -> bytes:
    """Entities that would fill the memory, or read another file."""
    laughs = "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 50}">' for k in range(1, 9))
    heads = (f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>', '<!DOCTYPE x [<!ENTITY a8 SYSTEM "file:///etc/hostname">]>')
    text = data.decode()
    head = heads[random.integers(2)]
    return re.sub(r"(<graphml)", lambda found: head + found[1], text, count=1).replace(">E<", ">&a8;<", 1).encode()


# wav


def wav_fields(data: bytes, random: Random) -> bytes:
    """A field of the header that says something else, or a chunk more."""
    place, size = ((4, 4), (8, 4), (16, 4), (20, 2), (22, 2), (24, 4), (28, 4), (32, 2), (34, 2), (36, 4), (40, 4))[
        random.integers(11)
    ]
    now = int.from_bytes(data[place : place + size], "little")
    new = (0, 1, 2, 3, 8, 16, 24, 32, 8000, 2 ** (8 * size) - 1, now + 1, max(now - 1, 0), now // 2, now * 2, 0xFFFE)[
        random.integers(15)
    ]
    changed = data[:place] + (new % 2 ** (8 * size)).to_bytes(size, "little") + data[place + size :]
    if random.random() < 0.2:
        changed = data[:12] + b"LIST" + int(new % 2**32).to_bytes(4, "little") + b"abcd" + data[12:]
    return changed


WAV: Mapping[str, Damage] = {"fields": wav_fields, "more fields": wav_fields}
