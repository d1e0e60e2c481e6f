"""Ids of the export on their way to the step that needs them, past everything the workflow writes down.

Snakemake keeps the parameters of every job, in its records and, when it is killed, in the job's script. So a parameter holds only a
seal, which changes with the ids, and the ids travel in the environment of the processes. So does the key of what one step writes for the
next and that is no result: when a run is killed, nobody can read what it leaves.
"""

import base64
import hashlib
import hmac
import json
import os
import pickle
import secrets
import zlib
from collections.abc import Mapping
from typing import Any

from alliance.errors import AllianceError

_CARRIER = "ALLIANCE_EXCLUDED"
_SEAL = "sealed:"
_KEY = "ALLIANCE_KEY"
_LOCKED, _NONCE, _TAG = b"locked by its run\n", 16, 32  # beginning, and sizes of what follows it (bytes)


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


def lock_object(content: object) -> bytes:
    """Return objects as bytes that only processes of this run can read; without a key of the run, as they are."""
    plain = pickle.dumps(content)
    if not os.environ.get(_KEY):
        return plain
    key, nonce = bytes.fromhex(os.environ[_KEY]), secrets.token_bytes(_NONCE)
    hidden = _mixed(plain, key, nonce)
    return _LOCKED + nonce + hmac.digest(key, nonce + hidden, "sha256") + hidden


def unlock_object(locked: bytes) -> Any:
    """Return the objects behind what `lock_object` wrote.

    Raises
    ------
    AllianceError
        Another run wrote it, or somebody changed it.
    """
    if not locked.startswith(_LOCKED):
        return pickle.loads(locked)
    key = bytes.fromhex(os.environ.get(_KEY, ""))
    rest = locked[len(_LOCKED) :]
    nonce, tag, hidden = rest[:_NONCE], rest[_NONCE : _NONCE + _TAG], rest[_NONCE + _TAG :]
    if not key or not hmac.compare_digest(tag, hmac.digest(key, nonce + hidden, "sha256")):
        raise AllianceError(
            "The tables between the checks and the cleaning were written by another run, which alone can read them. Run again: they are "
            f"made anew. On a cluster, let jobs inherit the environment variable {_KEY} (--envvars)."
        )
    return pickle.loads(_mixed(hidden, key, nonce))


def _mixed(content: bytes, key: bytes, nonce: bytes) -> bytes:
    """Mix bytes with a stream that only the key gives; doing it twice gives them back."""
    stream = hashlib.shake_256(key + nonce).digest(len(content))
    return (int.from_bytes(content) ^ int.from_bytes(stream)).to_bytes(len(content))
