"""The configuration: its schema, how files are merged, and what is refused."""

from alliance.config.declared import Equation, ModelSpec
from alliance.config.load import difference_of_configs, merge_configs, read_yaml, validate_config
from alliance.config.own import merge_with_base
from alliance.config.schema import Config, Variable

__all__ = [
    "Config",
    "Equation",
    "ModelSpec",
    "Variable",
    "difference_of_configs",
    "merge_configs",
    "merge_with_base",
    "read_yaml",
    "validate_config",
]
