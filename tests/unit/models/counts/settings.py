"""What a declaration of the toy family can say."""

from typing import Annotated

from pydantic import AfterValidator

from alliance.config.declared import ModelSpec
from alliance.facts.depths import known_depth


class Spec(ModelSpec):
    """A model of counts."""

    depth: Annotated[str, AfterValidator(known_depth)] = "laplace"
    influence: bool = False
