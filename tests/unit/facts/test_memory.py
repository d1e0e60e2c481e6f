"""What a job asks a cluster for grows with what it reads, and with every further attempt."""

from alliance.facts.memory import memory_for
from alliance.steps import STEPS


def test_every_rule_asks_for_enough_to_begin_and_no_more_than_a_small_node_has() -> None:
    for rule in STEPS:
        assert 400 <= memory_for(rule, 0.5) <= 4000, rule


def test_memory_grows_with_what_is_read_and_doubles_at_the_second_attempt() -> None:
    assert memory_for("fit_model", 100) - memory_for("fit_model", 50) == 10 * (
        memory_for("fit_model", 10) - memory_for("fit_model", 5)
    )
    assert memory_for("fit_model", 20, attempt=2) == 2 * memory_for("fit_model", 20)
    assert memory_for("fit_model", 20) > memory_for("write_table", 20)
