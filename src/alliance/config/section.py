"""What every part of the configuration is made of."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from alliance.facts.plain import plain_text

_LONGEST_NAME, _LONGEST_PATH = 255, 4095  # bytes, of all file systems


def _plain_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"'{name}' is not a usable name: use small letters, digits and _, beginning with a letter")
    return name


def _some_text(text: str) -> str:
    if not text.strip():
        raise ValueError("expected some text, but there is none. Write a few words in quotes")
    return text


def _usable_path(path: str) -> str:
    if any(len(part.encode()) > _LONGEST_NAME for part in path.split("/")) or len(path.encode()) > _LONGEST_PATH:
        raise ValueError(
            f"a name of {len(path):,} characters is longer than files may have; give the path of a file, as in data/raw/export.csv"
        )
    return path


Name = Annotated[str, Field(max_length=60), AfterValidator(_plain_name)]
# How people read it.
Label = Annotated[str, Field(max_length=200), AfterValidator(plain_text), AfterValidator(_some_text)]
# Text of the export: names of columns, labels, ids. Spelled as the reader spells them.
Text = Annotated[str, AfterValidator(plain_text)]
Reason = Annotated[
    str, Field(max_length=2000), AfterValidator(plain_text), AfterValidator(_some_text)
]  # printed in the report
FilePath = Annotated[str, AfterValidator(_usable_path)]
Code = float | Text  # what stands for a missing answer
RunName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]


def _as_names(value: Any) -> Any:
    return [] if value is None else [value] if isinstance(value, str) else value


def _each_once(names: list[str]) -> list[str]:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"'{name}' is named {names.count(name)} times; name each run once")
    return names


# One name, or a list of up to eight: more runs cannot be read side by side.
RunNames = Annotated[list[RunName], Field(max_length=8), AfterValidator(_each_once), BeforeValidator(_as_names)]


def types_in(annotation: Any) -> Iterator[Any]:
    """Yield a type and all that it is made of."""
    yield annotation
    for argument in get_args(annotation):
        yield from types_in(argument)


def _holds_truth_value(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_truth_value, value.values()))
    return isinstance(value, bool) or (isinstance(value, list | tuple) and any(map(_holds_truth_value, value)))


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, values cannot be changed afterwards."""

    # Validators are built when they are first used: most jobs need few of them.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _truth_values_are_neither_numbers_nor_texts(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse yes, no, on, off, true and false where a number or a text belongs; they would count as 1 and 0."""
        types = list(types_in(cls.model_fields[str(info.field_name)].annotation))
        if types == [bool] and isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError("expected true or false")
        if bool in types or Any in types or any(isinstance(one, type) and issubclass(one, BaseModel) for one in types):
            return value  # sections inside look at their own settings
        if _holds_truth_value(value):
            raise ValueError(
                "YAML reads yes, no, on, off, true and false as truth values; put quotes around a word, or give a number"
            )
        return value
