"""Ways in which a file of settings goes wrong: each spoils the settings, or the text of the file."""

# Tables of choices, wrapped by hand.
# fmt: off

import copy
import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_origin

import yaml
from pydantic import BaseModel

from alliance.config import Config
from alliance.config.declared import ModelSpec, spec_class
from alliance.config.section import types_in
from tests.fuzz.data_mutations import Draw

Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Written:
    """A file of settings, and what was changed in it.

    Parameters
    ----------
    text
        The file.
    where
        Place of the setting that was changed, and ``value`` what was written there; None where many changed.
    harmless
        Whether the file means what the clean one means.
    """

    text: str
    where: Where | None = None
    value: Any = None
    harmless: bool = False
    log: str = ""
    bytes_: bytes | None = field(default=None, repr=False)


MutateConfig = Callable[[dict[str, Any], Draw], Written]

VALUES: tuple[Any, ...] = (
    True, False, None, 0, -1, 1, 2, 0.5, 1e300, -1e300, 1e-300, float("inf"), float("-inf"), float("nan"), 10**12, 2**63, 10**40, "", " ",
        "x",
    "0", "1", "1.5", "no", "on", "null", "~", "abc def", "ä", "\u200b", "\ufeff", "😀", "a" * 300, "{item}", "{session}", "{", "%", "\\",
        "*", "'", '"',
    "../../etc/passwd", "/", ".", "a\nb", "\x07", [], {}, [[]], [None], [1], ["a", "a"], [True], [1, 2, 3], {"a": 1}, {"a": None}, {1: 2},
    {None: 1}, {True: 1}, {"": ""}, datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1, 12), b"\xff", ["x"] * 50, [[[[[1]]]]],
    "alliance", "symptoms", "intercept", "session", "patient", "alliance_lag", "alliance_lag_lag", "steps", "number", "category", "scale",
)


def places(settings: Any, above: Where = ()) -> Iterator[Where]:
    """Yield every place of nested settings, sections before what is in them."""
    items = settings.items() if isinstance(settings, Mapping) else enumerate(settings) if isinstance(settings, list) else ()
    for key, value in items:
        yield (*above, key)
        yield from places(value, (*above, key))


def at(settings: Any, where: Where) -> Any:
    """Return what stands at a place."""
    for key in where:
        settings = settings[key]
    return settings


def _put(settings: dict[str, Any], where: Where, value: Any) -> None:
    at(settings, where[:-1])[where[-1]] = value


def text_of(settings: Any) -> str:
    """Write settings as YAML."""
    return yaml.dump(settings, Dumper=_Dumper, allow_unicode=True, sort_keys=False)


class _Dumper(yaml.SafeDumper):
    """Writes everything out, without references."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _any(settings: dict[str, Any], draw: Draw) -> Where:
    return draw.one(list(places(settings)))


def _leaf(settings: dict[str, Any], draw: Draw) -> Where:
    return draw.one([where for where in places(settings) if not isinstance(at(settings, where), dict | list)])


def _section(settings: dict[str, Any], draw: Draw) -> Where:
    return draw.one([where for where in places(settings) if isinstance(at(settings, where), dict)])


def delete(settings: dict[str, Any], draw: Draw) -> Written:
    where = _any(settings, draw)
    del at(settings, where[:-1])[where[-1]]
    return Written(text_of(settings), log=f"without {where}")


def retype_leaf(settings: dict[str, Any], draw: Draw) -> Written:
    where, value = _leaf(settings, draw), draw.one(VALUES)
    _put(settings, where, value)
    return Written(text_of(settings), where, value)


def retype_section(settings: dict[str, Any], draw: Draw) -> Written:
    where = draw.one([where for where in places(settings) if isinstance(at(settings, where), dict | list)])
    value = draw.one(VALUES)
    _put(settings, where, value)
    return Written(text_of(settings), where, value)


def retype_number(settings: dict[str, Any], draw: Draw) -> Written:
    numbers = [where for where in places(settings) if isinstance(at(settings, where), int | float)]
    where = draw.one(numbers)
    value = draw.one([0, -1, 1, 2, 0.5, 1e300, 1e-300, float("nan"), float("inf"), 1e12, 10**12, 10**30, "1", "1,5", True, None, [1],
        1.0000001])
    _put(settings, where, value)
    return Written(text_of(settings), where, value)


def rename(settings: dict[str, Any], draw: Draw) -> Written:
    where = draw.one([where for where in places(settings) if isinstance(where[-1], str)])
    section, key = at(settings, where[:-1]), str(where[-1])
    other = draw.one(
        [key.upper(), f"{key} ", f" {key}", f"{key}s", key[:-1], f"{key}\u200b", f"{key}\u00a0", f"{key}.", "", "ä", "😀", "x" * 200, "on",
            key.replace("_", "-"), f"_{key}", key[::-1], f"{key}_lag", "intercept", "session"]
    )
    items = {(other if name == key else name): value for name, value in section.items()}
    section.clear()
    section.update(items)
    return Written(text_of(settings), log=f"{where} as {other!r}")


def add_unknown(settings: dict[str, Any], draw: Draw) -> Written:
    where = draw.one([(), *[w for w in places(settings) if isinstance(at(settings, w), dict)]])
    name: Any = draw.one(["neu", "path", "label", "", "0", 0, 1.5, True, None, "__class__", "model_config", "on", "über", "x" * 100,
        datetime.date(2024, 1, 1)])
    at(settings, where)[name] = draw.one(VALUES)
    return Written(text_of(settings), log=f"{where} + {name!r}")


def swap(settings: dict[str, Any], draw: Draw) -> Written:
    one, other = _leaf(settings, draw), _leaf(settings, draw)
    first, second = at(settings, one), at(settings, other)
    _put(settings, one, second)
    _put(settings, other, first)
    return Written(text_of(settings), log=f"{one} and {other}")


def swap_sections(settings: dict[str, Any], draw: Draw) -> Written:
    one, other = _section(settings, draw), _section(settings, draw)
    first, second = copy.deepcopy(at(settings, one)), copy.deepcopy(at(settings, other))
    _put(settings, one, second)
    if other[: len(one)] != one:
        _put(settings, other, first)
    return Written(text_of(settings), log=f"{one} and {other}")


def list_for_map(settings: dict[str, Any], draw: Draw) -> Written:
    where = _section(settings, draw)
    section = at(settings, where)
    value: Any = draw.one([list(section), list(section.values()), [section], [{key: item} for key, item in section.items()]])
    _put(settings, where, value)
    return Written(text_of(settings), log=f"{where} as a list")


def list_changed(settings: dict[str, Any], draw: Draw) -> Written:
    where = draw.one([where for where in places(settings) if isinstance(at(settings, where), list)])
    items = at(settings, where)
    change = draw.one(["twice", "more", "none", "reversed", "map", "text", "nested", "many"])
    first = items[0] if items else "x"
    value: Any = {
        "twice": [*items, first], "more": [*items, draw.one(VALUES)], "none": [], "reversed": items[::-1], "map": dict.fromkeys(map(str,
            items), 1),
        "text": ", ".join(map(str, items)), "nested": [items], "many": [f"{first}"] * 2000,
    }[change]
    _put(settings, where, value)
    return Written(text_of(settings), log=f"{where} {change}")


def nest(settings: dict[str, Any], draw: Draw) -> Written:
    where, deep = _any(settings, draw), draw.one([1, 3, 30, 60, 3000])
    text = "[" * deep + "1" + "]" * deep if draw.one([True, False]) else "{a: " * deep + "1" + "}" * deep
    _put(settings, where, "HERE")
    return Written(text_of(settings).replace("HERE", text, 1), log=f"{where} {deep} deep")


def names_of_others(settings: dict[str, Any], draw: Draw) -> Written:
    """A name that is unknown, or known for something else, where a name belongs."""
    names = [where for where in places(settings) if isinstance(at(settings, where), str) and where[0] in ("models", "study", "output")]
    where = draw.one(names)
    value = draw.one(["alliance", "alliance_lag", "alliance_between", "anxiety", "arm", "arm_lag", "session", "weeks", "days", "course",
        "arm_by_course", "nobody", "variance", "steps", "technique_baseline", "patient", "row", "alliance__1", "symptoms_within"])
    _put(settings, where, value)
    return Written(text_of(settings), where, value)


def equations(settings: dict[str, Any], draw: Draw) -> Written:
    """Other equations: circles, the outcome itself, nothing that varies, effects without a path."""
    spec = settings["models"]["specs"][draw.one(["steps", "joint"])]
    names = ["alliance", "symptoms", "technique", "anxiety", "arm", "session", "weeks", "alliance_lag", "symptoms_lag", "arm_lag",
        "course", "alliance_between", "symptoms_baseline", "technique_lag", "nobody", "arm_by_course"]
    made = {}
    for _ in range(draw.whole(0, 3)):
        on = [draw.one(names) for _ in range(draw.whole(0, 5))]
        vary: Any = draw.one([{}, {"patient": []}, {"patient": ["intercept"]}, {"patient": ["intercept", *on]},
            {"therapist": ["intercept"]}, {"patient": ["intercept"], "therapist": ["intercept"]}, {"nobody": ["intercept"]},
            {"patient": on}])
        made[draw.one(names)] = {"on": on, "vary": vary}
    spec["equations"] = made
    spec["effects"] = {"from": draw.one(names), "to": draw.one(names)}
    return Written(text_of(settings), log=str(made) + str(spec["effects"]))


def patterns(settings: dict[str, Any], draw: Draw) -> Written:
    pattern = draw.one(["GAD", "GAD{item}{item}", "GAD{item:02d}", "GAD{item:99d}", "GAD{Item}", "{item}", "GAD{item!r}", "GAD{item:>5}",
        "GAD{0}", "(.*){item}", "GAD{{item}}", "GAD{item", "GAD{item}\n", "gad{item}", "GAD{session}"])
    where: Where = ("variables", "anxiety", "items")
    _put(settings, where, pattern)
    return Written(text_of(settings), where, pattern)


def reader(settings: dict[str, Any], draw: Draw) -> Written:
    """Settings of the reader that say what cannot be, or nothing."""
    key, value = draw.one(
        [
            ("delimiter", ""), ("delimiter", ";;"), ("delimiter", "\n"), ("delimiter", '"'), ("delimiter", "\x00"), ("delimiter", "\r"),
                ("delimiter", "é"), ("delimiter", "x"), ("delimiter", "W"), ("delimiter", " "),
            ("delimiter", ";"), ("header_row", 0), ("header_row", 999), ("header_row", [1, 1]), ("header_row", []), ("header_row", [2,
                1]), ("header_row", 2), ("header_row", [1, 2, 3]), ("data_row", 1), ("data_row", 900), ("data_row", 999),
            ("date_format", "%"), ("date_format", "%Q"), ("date_format", ""), ("date_format", "abc"), ("date_format", "%Y"),
                ("date_format", "%Y-%m-%d %"), ("date_format", "%d.%m.%Y"), ("date_format", "%H:%M"), ("date_format", "%Y-%m-%d"),
                ("date_format", "%Y-%d-%m"), ("date_format", "ISO8601"), ("date_format", "mixed"), ("date_format", "%Y-%m-%d\x00"),
                ("date_format", "%j"), ("date_format", "%U"),
            ("decimal", ";"), ("decimal", ","), ("thousands", "."), ("thousands", ","), ("thousands", "_"), ("thousands", "none"),
                ("sheet", 1), ("sheet", "x"), ("encoding", "utf-8"), ("encoding", "x"),
            ("fill_down", ["THER"]), ("fill_down", ["nobody"]), ("fill_down", ["WAI"]), ("fill_down", ["PID", "PID"]), ("where",
                {"ARM": "neu"}), ("where", {"ARM": "nobody"}), ("where", {"nobody": 1}), ("where", {"WAI": [1, 7]}), ("where",
                {"ARM": []}), ("where", {"ARM": ["neu", "üblich"]}), ("where", {"SITZ": 1.0}), ("where", {"PID": True}),
            ("session_names", "S{session}"), ("session_names", {"pre": 1}), ("session_names", {}), ("session_names", "{session}"),
                ("number_sessions", "by_date"), ("number_sessions", "by_week"),
            ("wide", {"columns": {"WAI2": "WAI{session}"}, "sessions": [1, 2]}), ("wide", {"columns": {}, "sessions": [1]}), ("wide",
                {"columns": {"WAI2": ["WAI", "PHQ"]}, "sessions": [1, 2]}), ("wide", {"columns": {"WAI": "WAI{session}"},
                "sessions": []}), ("wide", {"columns": {"x": "GAD{session}"}, "sessions": list(range(1, 900))}), ("wide",
                {"columns": {"x": "GAD{session}"}, "sessions": [1, 1]}), ("wide", {"columns": {"x": "GAD{session}"}, "sessions": [-1]}),
            ("keys", {"patient": "PID"}), ("keys", {"patient": ["PID", "ARM"], "session": "SITZ"}), ("keys", {"patient": "PID",
                "session": "PID"}), ("keys", {"patient": "PID", "session": "SITZ", "week": "SITZ"}), ("keys", {"patient": "PID",
                "session": "SITZ", "episode": "ARM"}), ("keys", {"patient": "SITZ", "session": "PID"}), ("keys", {"patient": "NOTIZ",
                "session": "SITZ"}), ("keys", {"patient": ["PID"], "session": "SITZ"}), ("keys", {"patient": "PID", "session": "SITZ",
                "date": "DATUM", "week": "WAI"}), ("keys", {"patient": "PID", "session": "SITZ", "therapist": "PID"}), ("keys",
                {"patient": "PID", "session": "SITZ", "date": "WAI"}),
            ("path", ""), ("path", "."), ("path", "/dev/null"), ("path", "nobody.csv"), ("path", "\x00"), ("path", "a" * 5000), ("path",
                "config/config.yaml"), ("path", "~"), ("path", "http://example.org/x.csv"), ("path", "/"),
        ]
    )
    where: Where = ("data", draw.one(["sessions", "sessions", "patients"]), key)
    _put(settings, where, value)
    return Written(text_of(settings), where, value)


def sizes(settings: dict[str, Any], draw: Draw) -> Written:
    """Sizes that no machine serves."""
    where, value = draw.one(
        [
            (("sampling", "draws"), 10**12), (("sampling", "chains"), 10**6), (("sampling", "tune"), 10**9), (("inference",
                "monte_carlo_draws"), 10**12),
            (("inference", "interval"), 0.9999999999), (("panel", "lag"), 10**6), (("study", "planned_sessions"), 10**9), (("run",
                "seed"), 2**80),
            (("cleaning", "minimum_sessions"), 1000), (("cleaning", "minimum_sessions"), 7), (("output", "figure_dpi"), 10**6),
                (("cleaning", "largest_session"), 1),
            (("models", "specs", "joint", "bases", "course", "df"), 10), (("models", "specs", "joint", "bases", "course", "df"), 400),
            (("models", "specs", "joint", "equations", "alliance", "vary"), {"patient": ["intercept", "arm", "course", "arm_by_course",
                "alliance_lag"]}),
            (("models", "specs", "joint", "bootstrap"), {"level": "patient", "samples": 10**9}), (("privacy", "minimum_cell"), 10**9),
            (("cleaning", "missing_codes"), list(range(5000))), (("cleaning", "exclude"), {"patients": [f"X{n}" for n in range(5000)]}),
            (("variables", "alliance", "range"), [-1e300, 1e300]), (("variables", "alliance", "range"), [1, 1 + 1e-15]), (("variables",
                "alliance", "range"), [7, 1]),
            (("cleaning", "exclude"), {"patients": ["K-01", "k-1", "MÜ-02"]}), (("models", "answers"), {"arm": "nobody"}), (("cleaning",
                "new_episode_after_days"), 1e-9),
            (("inference", "ess_min"), 1e30), (("inference", "rhat_max"), 1e30), (("inference", "divergences_max"), 10**9),
            (("panel", "max_gap_days"), 1e-9), (("panel", "max_gap_days"), 1e300),
        ]
    )
    _put(settings, where, value)
    return Written(text_of(settings), where, value)


def variables_otherwise(settings: dict[str, Any], draw: Draw) -> Written:
    """A measure declared as something it is not."""
    name = draw.one(["alliance", "symptoms", "technique", "arm", "anxiety"])
    change: dict[str, Any] = draw.one(
        [
            {"kind": "category"}, {"kind": "scale"}, {"kind": "composite", "of": [name]}, {"kind": "composite", "of": ["alliance",
                "alliance"]}, {"kind": "composite", "of": ["arm", "technique"]},
            {"column": "NOTIZ"}, {"column": "PID"}, {"column": "nobody"}, {"column": "WAI"}, {"column": "DATUM"}, {"column": ""},
                {"column": "SITZ"}, {"column": "THER"}, {"table": "patients"}, {"table": "therapists"}, {"table": "sessions"},
            {"levels": {"a": 1}}, {"levels": {"neu": 1, "üblich": 1e300}}, {"levels": {"neu": 1, "NEU": 0}}, {"reference": "neu",
                "levels": None, "kind": "category"}, {"reference": "x"}, {"answers": ["a", "b"]},
            {"censored": "floor"}, {"censored": [7, 1]}, {"censored": [2, None]}, {"censored": [1e300, None]}, {"missing_codes": [1, 2,
                3]}, {"missing_codes": ["neu"]}, {"missing_codes": []}, {"missing_codes": [4.5, 0]},
            {"instrument": "nobody"}, {"instrument": "wai_sr"}, {"instrument": "../gad_7"}, {"instrument": "phq_9"}, {"items": ["a"]},
                {"items": ["GAD1"] * 7}, {"items": [f"GAD{n}" for n in range(7, 0, -1)]}, {"stored_reversed": True},
            {"label": "symptoms"}, {"label": "x" * 500}, {"label": "$x$"}, {"unit": ""}, {"unit": None}, {"metric": "mean"}, {"range": [2,
                3]}, {"range": [0, 6]}, {"range": [None, 7]}, {"rater": ""}, {"higher_is": "same"}, {"measured": "never"},
        ]
    )
    settings["variables"][name].update(change)
    return Written(text_of(settings), log=f"{name}: {change}")


def text_spoiled(settings: dict[str, Any], draw: Draw) -> Written:
    """The text of the file, as an editor or a slip leaves it."""
    text = text_of(settings)
    lines = text.split("\n")
    row = draw.whole(1, len(lines) - 3)
    change = draw.one(
        ["twice", "tab", "no colon", "quote", "cut", "indent", "dedent", "bracket", "at", "percent", "colon", "anchor", "alias", "tag",
            "dash", "empty", "second", "null byte", "crlf", "cr", "bom", "utf16", "latin", "comment", "list", "merge", "binary",
            "doc end", "question", "trailing"]
    )
    spoiled = list(lines)
    replaced = {
        "twice": lines[row] + "\n" + lines[row], "tab": "\t" + lines[row], "no colon": lines[row].replace(":", ""),
            "quote": lines[row] + ' "', "indent": " " + lines[row],
        "dedent": lines[row].lstrip(), "bracket": lines[row] + " [", "at": lines[row] + " @", "percent": "%" + lines[row],
            "colon": lines[row] + ": x", "anchor": lines[row] + " &a",
        "alias": lines[row] + " *a", "tag": lines[row] + " !!python/object:os.system x", "dash": "- " + lines[row],
            "second": "---\n" + lines[row], "null byte": "\x00" + lines[row],
        "comment": "# " + lines[row], "list": "  - " + lines[row].strip(), "merge": "<<: {a: 1}\n" + lines[row],
            "binary": lines[row] + " !!binary x", "doc end": "...\n" + lines[row], "question": "? " + lines[row],
            "trailing": lines[row] + "   ",
    }
    if change in replaced:
        spoiled[row] = replaced[change]
    made = "\n".join(spoiled)
    if change == "cut":
        made = text[: draw.whole(1, len(text) - 2)]
    if change == "empty":
        made = draw.one(["", "\n", "# nothing", "null", "[]", "{}", "run", "42", "---", "--- |\n x"])
    encoded = {"bom": ("utf-8-sig", True), "utf16": ("utf-16", False), "latin": ("latin-1", False)}.get(change)
    if change in ("crlf", "cr"):
        made = made.replace("\n", "\r\n" if change == "crlf" else "\r")
    content = made.encode(encoded[0]) if encoded else made.encode("utf-8")
    return Written(made, harmless=change in ("bom", "crlf", "trailing"), log=f"{change} at line {row + 1}: {lines[row]}", bytes_=content)


def exploding(settings: dict[str, Any], draw: Draw) -> Written:
    """References that multiply, refer to themselves, or only save typing."""
    text = text_of(settings)
    what = draw.one(["laughs", "itself", "cycle", "used", "merge", "large", "long", "keys", "undefined"])
    more = {
        "laughs": "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
        "itself": "extra: &x [*x]\n", "cycle": "extra: &x {a: *x}\n", "used": "", "merge": "",
            "large": "extra: [" + "1, " * 120_000 + "1]\n", "long": f"extra: '{'x' * 5_000_001}'\n",
        "keys": "".join(f"k{n}: 1\n" for n in range(3000)), "undefined": "extra: *nobody\n",
    }[what]
    if what == "used":
        text = text.replace("patient: PID", "patient: &pid PID", 1).replace("patient: PID", "patient: *pid", 1)
    if what == "merge":
        text = text.replace("    keys:\n      patient: PID\n      therapist: THER\n",
            "    keys: &keys\n      patient: PID\n      therapist: THER\n", 1)
    return Written(text + more, harmless=what in ("used", "merge"), log=what)


def keys_of(section: type[BaseModel], settings: Any, above: Where = ()) -> Iterator[Where]:
    """Yield every place that the settings could have, those that nobody wrote among them."""
    for name, field_ in section.model_fields.items():
        key = field_.alias or name
        yield (*above, key)
        inside = next((one for one in types_in(field_.annotation) if isinstance(one, type) and issubclass(one, BaseModel)), None)
        value = settings.get(key, {}) if isinstance(settings, dict) else {}
        named = any(get_origin(one) is dict for one in types_in(field_.annotation))
        for place, part in value.items() if named and isinstance(value, dict) else [(None, value)]:
            kind = spec_class(part["family"]) if inside is ModelSpec else inside
            if kind is not None:
                yield from keys_of(kind, part, (*above, key) if place is None else (*above, key, place))


def any_key(settings: dict[str, Any], draw: Draw) -> Written:
    """A setting that stands in the file or not, as something it is not."""
    where, value = draw.one(list(keys_of(Config, settings))), draw.one(VALUES)
    part: Any = settings
    for key in where[:-1]:
        if not isinstance(part.get(key), dict):
            part[key] = {}
        part = part[key]
    part[where[-1]] = value
    return Written(text_of(settings), where, value)


CONFIG_MUTATIONS: tuple[MutateConfig, ...] = (
    delete, retype_leaf, retype_section, retype_number, rename, add_unknown, swap, swap_sections, list_for_map, list_changed, nest,
        names_of_others,
    equations, patterns, reader, sizes, variables_otherwise, text_spoiled, exploding, any_key,
)
