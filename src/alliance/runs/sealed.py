"""Ids of the export on their way to the step that needs them, past everything the workflow writes down.

Snakemake keeps the parameters of every job, in its records and, when it is killed, in the job's script. So a parameter holds only a
seal, which changes with the ids, and the ids travel in the environment of the processes.
"""

import base64
import hashlib
import json
import os
import zlib
from collections.abc import Mapping
from typing import Any

from alliance.errors import AllianceError

_CARRIER = "ALLIANCE_EXCLUDED"
_SEAL = "sealed:"


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
