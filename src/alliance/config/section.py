"""What every part of the configuration is made of."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alliance.facts.plain import plain_text


def _plain_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"'{name}' is not a usable name: use small letters, digits and _, beginning with a letter")
    return name


Name = Annotated[str, AfterValidator(_plain_name)]
# Text of the export: names of columns, labels, ids. Spelled as the reader spells them.
Text = Annotated[str, AfterValidator(plain_text)]
RunName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, values cannot be changed afterwards."""

    # Validators are built when they are first used: most jobs need few of them.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
