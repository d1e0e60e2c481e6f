"""One wording for every file of settings: the place, what was found, the nearest known name, what to do."""

from typing import Annotated, Literal, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alliance.config.problems import explain


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Arrow(Section):
    source: str = Field(default="x", alias="from")


class Model(Section):
    depth: Literal["ml", "laplace", "nuts"] = "ml"
    arrows: list[Arrow] = Field(default_factory=list)


class Size(Section):
    rows: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _not_thirteen(self) -> Self:
        if self.rows == 13:
            raise ValueError("no table has 13 rows")
        return self


class Settings(Section):
    seed: Annotated[int, Field(ge=0)] = 0
    plain: Model = Model()
    optional: Model | None = None
    models: dict[str, Model] = Field(default_factory=dict)
    nested: dict[Literal["static"], dict[str, dict[str, Model]]] = Field(default_factory=dict)
    any_of: Size | Literal["auto"] | list[Size] | None = None
    follows: int = Field(default_factory=lambda others: others["seed"])  # its own absence is no second problem


def problems_in(settings: dict[str, object]) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)
    return explain(caught.value, settings, Settings, "see the example")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"sead": 1}, "sead: this setting is unknown. Did you mean 'seed'? Remove it or correct its name."),
        ({"plain": {"dept": 1}}, "plain.dept: this setting is unknown. Did you mean 'depth'?"),
        ({"optional": {"dept": 1}}, "optional.dept: this setting is unknown. Did you mean 'depth'?"),
        ({"models": {"seed": {"dept": 1}}}, "models.seed.dept: this setting is unknown. Did you mean 'depth'?"),
        ({"nested": {"static": {"a": {"b": {"dept": 1}}}}}, "nested.static.a.b.dept: this setting is unknown. Did you"),
        ({"plain": {"arrows": [{"form": "y"}]}}, "plain.arrows.0.form: this setting is unknown. Did you mean 'from'?"),
        ({"plain": {"depth": "nut"}}, "(found: 'nut'). Did you mean 'nuts'?"),
        (
            {"nested": {"statik": {}}},
            "nested.statik: expected 'static' (found: 'statik'). Did you mean 'static'?",
        ),
        ({"seed": -1}, "seed: expected a number of at least 0 (found: -1)."),
        (
            {"any_of": 3},
            "any_of: expected settings, each as 'name: value'; or expected 'auto'; or expected a list in",
        ),
        ({"any_of": {"rows": 0}}, "any_of.rows: expected a number of at least 1 (found: 0)."),
        ({"any_of": {"row": 0}}, "any_of.row: this setting is unknown. Did you mean 'rows'?"),
        ({"any_of": {"rows": 13}}, "any_of: no table has 13 rows."),
        (
            {"any_of": [{"rows": 1}, {"rows": 0}]},
            "any_of.1.rows: expected a number of at least 1 (found: 0).",
        ),
        ({"models": [1]}, "models: expected settings, each as 'name: value' (found: [1])."),
    ],
)
def test_problem_names_place_finding_and_remedy(settings: dict[str, object], problem: str) -> None:
    found = problems_in(settings)
    assert len(found) == 1
    assert problem in found[0]


def test_all_problems_are_listed_and_missing_settings_point_to_an_example() -> None:
    class Needs(Section):
        name: str
        size: int

    with pytest.raises(ValidationError) as caught:
        Needs.model_validate({"siez": 1})
    assert explain(caught.value, {"siez": 1}, Needs, "see the example") == [
        "name: this setting is missing. Add it (see the example).",
        "size: this setting is missing. Add it (see the example).",
        "siez: this setting is unknown. Did you mean 'size'? Remove it or correct its name.",
    ]


def test_of_several_types_each_wrong_place_is_told_once() -> None:
    found = problems_in({"seed": -1, "any_of": [{"rows": 0}, {"rows": 13}, {"rows": "x"}]})
    assert [problem.split(":")[0] for problem in found] == ["seed", "any_of.0.rows", "any_of.2.rows"]
