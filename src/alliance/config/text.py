"""Text of a settings file turned into plain values, or refused where two people would read it differently.

Repeated keys, values that are no values, files that grow without end by references to themselves, and nesting without end are refused
by line, before anything is built from them.
"""

from typing import Any

import yaml

_DEEPEST = 40  # the deepest setting lies at 8
_MOST_VALUES = 200_000  # with every reference written out
_LARGEST = 5_000_000  # characters
_NO_VALUES = (
    ValueError,
    OverflowError,
    TypeError,
    AttributeError,
    LookupError,
)  # PyYAML's, for `!!int x` or 2024-13-45


_ON, _TEXT = "on", "tag:yaml.org,2002:str"  # as a key it names predictors; YAML 1.1 reads it as the truth value true


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with limits and without repeated keys."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._values = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Count values as if every reference were written out, and how deep they lie."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        before = self._values
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _refusal(f"settings lie more than {_DEEPEST} levels deep. Close brackets where they end", event)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(event, yaml.AliasEvent):
            if id(node) not in self._sizes:
                raise _refusal(f"*{event.anchor} refers to something it is part of. Write it out", event)
            self._values += self._sizes[id(node)]
        else:
            self._values += 1
            self._sizes[id(node)] = self._values - before
        if self._values > _MOST_VALUES:
            raise _refusal(
                f"with its references (&name and *name) written out the file holds more than {_MOST_VALUES:,} values. "
                "Write out what is meant",
                event,
            )
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Refuse a mapping in which a key stands twice: YAML would keep the last one in silence."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value == _ON:
                key.tag = _TEXT
            line = key.start_mark.line + 1
            if key.value in lines:
                raise _refusal(
                    f"'{key.value}' stands twice in the same place (before in line {lines[key.value]}). Remove one of the two",
                    key,
                )
            lines[key.value] = line
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Name the place of what looks like a date or a number and is none."""
        try:
            return super().construct_object(node, deep=deep)
        except _NO_VALUES as error:
            shown = f"'{node.value[:40]}'" if isinstance(node.value, str) else "this"
            kind = node.tag.rpartition(":")[2]
            raise _refusal(f'{shown} is no {kind}. Put quotes around text: "..."', node) from error


def _refusal(problem: str, at: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=at.start_mark)


def parse_yaml(text: str) -> Any:
    """Return the values of a file of settings.

    Raises
    ------
    yaml.YAMLError
        The text is not YAML, repeats a key, or is larger or deeper than any settings.
    """
    if len(text) > _LARGEST:
        raise yaml.MarkedYAMLError(problem=f"the file holds {len(text):,} characters, so it is no file of settings")
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
