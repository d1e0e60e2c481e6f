"""Ids of the export on their way to the step that needs them, past everything the workflow writes down.

Snakemake keeps the parameters of every job, in its records and, when it is killed, in the job's script. So a parameter holds only a
seal, which changes with the ids, and the ids travel in the environment of the processes. So does the key of what one step writes for the
next and that is no result: when a run is killed, nobody can read what it leaves.
"""

import base64
import hashlib
import hmac
import io
import json
import os
import pickle
import secrets
import zlib
from collections.abc import Buffer, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from alliance.errors import AllianceError
from alliance.runs.files import replacing

_CARRIER = "ALLIANCE_EXCLUDED"
_SEAL = "sealed:"
_KEY = "ALLIANCE_KEY"
_LOCKED, _NONCE, _TAG, _LENGTH = b"locked by its run\n", 16, 32, 4  # beginning, and sizes of what follows it (bytes)
_PIECE = 2**22  # bytes that are locked at a time
_PROTOCOL = 5  # writes the cells of tables without a copy of them


def seal_ids(cleaning: Mapping[str, Any], contents: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of the cleaning with a seal in place of the excluded ids, which go into the environment.

    Parameters
    ----------
    contents
        Hashes of the export: whoever has not the export cannot try ids until a seal fits.
    """
    ids = cleaning["exclude"]["patients"]
    if not ids:
        return dict(cleaning)
    os.environ[_CARRIER] = base64.b64encode(zlib.compress(json.dumps([ids, dict(contents)]).encode())).decode()
    return {**cleaning, "exclude": {**cleaning["exclude"], "patients": [_seal_of(ids, contents)]}}


def unseal_ids(cleaning: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings of the cleaning with the ids that a seal stands for; without a seal, as they are.

    Raises
    ------
    AllianceError
        The ids have not come along: nobody is analysed who was to be left out.
    """
    patients = cleaning.get("exclude", {}).get("patients", [])
    if len(patients) != 1 or not str(patients[0]).startswith(_SEAL):
        return cleaning
    carried = os.environ.get(_CARRIER)
    if carried:
        ids, contents = json.loads(zlib.decompress(base64.b64decode(carried)))
        if _seal_of(ids, contents) == patients[0]:
            return {**cleaning, "exclude": {**cleaning["exclude"], "patients": ids}}
    raise AllianceError(
        "cleaning.exclude.patients: the ids did not reach the job, so nobody could be left out. They travel in the environment variable "
        f"{_CARRIER}, since nothing that is written down may hold them; let jobs inherit it (on a cluster: --envvars), or run on "
        "this machine."
    )


def _seal_of(ids: list[str], contents: Mapping[str, str]) -> str:
    return _SEAL + hashlib.sha256(json.dumps([ids, dict(contents)], sort_keys=True).encode()).hexdigest()[:16]


def begin_key() -> bool:
    """Make a key for this run and all its processes, unless there is one; return whether this process made it."""
    if os.environ.get(_KEY):
        return False
    os.environ[_KEY] = secrets.token_hex(32)
    return True


def write_locked(content: object, path: str | Path) -> None:
    """Write objects so that only processes of this run can read them; without a key of the run, as they are.

    They go piece by piece: a table of millions of rows is held once, and not a second time as bytes.
    """
    key = os.environ.get(_KEY)
    with replacing(path) as temporary, temporary.open("wb") as file:
        if not key:
            pickle.dump(content, file, protocol=_PROTOCOL)
            return
        locking = _Locking(file, bytes.fromhex(key))
        with io.BufferedWriter(locking, _PIECE) as plain:
            pickle.dump(content, plain, protocol=_PROTOCOL)


def read_locked(path: str | Path) -> Any:
    """Return the objects behind what `write_locked` wrote.

    Raises
    ------
    AllianceError
        Another run wrote it, or somebody changed it.
    """
    with Path(path).open("rb") as file:
        if file.read(len(_LOCKED)) != _LOCKED:
            file.seek(0)
            return pickle.load(file)
        with io.BufferedReader(_Unlocking(file, bytes.fromhex(os.environ.get(_KEY, ""))), _PIECE) as plain:
            content = pickle.load(plain)
            plain.read()  # the end, too, has to be as it was written
            return content


class _Locking(io.RawIOBase):
    """Writes bytes in pieces that are mixed with a stream that only the key gives, each with a tag before it."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file, self._key, self._nonce, self._place = file, key, secrets.token_bytes(_NONCE), 0
        file.write(_LOCKED + self._nonce)

    def writable(self) -> bool:
        """Return that bytes can be written."""
        return True

    def write(self, content: Buffer) -> int:
        """Write all bytes, in as many pieces as they need."""
        plain = memoryview(content).cast("B")
        for start in range(0, len(plain), _PIECE):
            self._write_piece(plain[start : start + _PIECE])
        return len(plain)

    def _write_piece(self, plain: Buffer) -> None:
        hidden = _mixed(plain, self._key, self._nonce, self._place)
        length = len(hidden).to_bytes(_LENGTH)
        self._file.write(_tag(length, hidden, self._key, self._nonce, self._place) + length)
        self._file.write(hidden)
        self._place += 1

    def close(self) -> None:
        """Write an empty piece, which says that this is all."""
        if not self.closed:
            self._write_piece(b"")
        super().close()


class _Unlocking(io.RawIOBase):
    """Reads what `_Locking` wrote; no byte of a piece is given out before its tag was found to be right."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file, self._key, self._nonce, self._place = file, key, file.read(_NONCE), 0
        self._rest, self._ended = memoryview(b""), False

    def readable(self) -> bool:
        """Return that bytes can be read."""
        return True

    def readinto(self, into: Buffer) -> int:
        """Read as many bytes as are at hand, from the next piece if there are none."""
        if not self._rest and not self._ended:
            self._rest = memoryview(self._read_piece())
            self._ended = not self._rest
        target = memoryview(into).cast("B")
        count = min(len(target), len(self._rest))
        target[:count], self._rest = self._rest[:count], self._rest[count:]
        return count

    def _read_piece(self) -> bytes:
        tag, length = self._file.read(_TAG), self._file.read(_LENGTH)
        hidden = self._file.read(min(int.from_bytes(length), _PIECE))
        if not self._key or not hmac.compare_digest(tag, _tag(length, hidden, self._key, self._nonce, self._place)):
            raise AllianceError(
                "The tables between the checks and the cleaning were written by another run, which alone can read them. Run again: they "
                f"are made anew. On a cluster, let jobs inherit the environment variable {_KEY} (--envvars)."
            )
        self._place += 1
        return _mixed(hidden, self._key, self._nonce, self._place - 1)


def _tag(length: bytes, hidden: bytes, key: bytes, nonce: bytes, place: int) -> bytes:
    tag = hmac.new(key, nonce + place.to_bytes(8) + length, "sha256")
    tag.update(hidden)
    return tag.digest()


def _mixed(content: Buffer, key: bytes, nonce: bytes, place: int) -> bytes:
    """Mix a piece with a stream that only the key and its place give; doing it twice gives it back."""
    import numpy as np  # the workflow itself, which seals ids only, need not wait for it

    plain = np.frombuffer(content, dtype=np.uint8)
    stream = hashlib.shake_256(key + nonce + place.to_bytes(8)).digest(plain.size)
    return np.bitwise_xor(plain, np.frombuffer(stream, dtype=np.uint8)).tobytes()
