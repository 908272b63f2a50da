"""The language in which rules are written: a few tests on facts, joined by all, any and not; three-valued.

A test on a fact that is not known is neither met nor failed: it is None. `all` fails as soon as one part fails,
`any` is met as soon as one part is met, whatever else is unknown (Kleene's strong logic). So an unknown fact can
never turn into a false "no".

In a rule file a condition is a TOML table::

    { fact = "tpp", at_least = 2400, less_than = 4800 }
    { fact = "destination", group = ["D:1", "D:4", "D:5"] }
    { rule = "3A090.a" }
    { all = [...] }    { any = [...] }    { not = {...} }
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

Facts: TypeAlias = Mapping[str, Any]
Truth: TypeAlias = bool | None
Test: TypeAlias = Callable[[Facts], Truth]
Trace: TypeAlias = Callable[[Facts], tuple[str, ...]]
Groups: TypeAlias = Mapping[str, tuple[frozenset[str], frozenset[str]]]
"""Country group -> (its members, those of whom membership is not known) on one date."""

COMPARISONS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "at_least": (operator.ge, ">="),
    "more_than": (operator.gt, ">"),
    "at_most": (operator.le, "<="),
    "less_than": (operator.lt, "<"),
}
SAID: Mapping[object, str] = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test of one fact."""

    fact: str
    op: str  # a key of COMPARISONS, or "is", "in", "group", "stated"
    value: Any

    def compiled(self, groups: Groups) -> Test:
        """Return the test as a function; `groups` are the country groups of the date."""
        fact, value = self.fact, self.value
        if self.op in COMPARISONS:
            compare = COMPARISONS[self.op][0]
            return lambda facts: None if (given := facts[fact]) is None else compare(given, value)
        if self.op == "stated":
            return lambda facts: (facts[fact] is not None) is value
        if self.op == "is":
            return lambda facts: None if (given := facts[fact]) is None else given == value
        members, uncertain = (frozenset(value), frozenset[str]()) if self.op == "in" else _union(groups, value)
        return lambda facts: _member(facts[fact], members, uncertain)

    def undecided(self, groups: Groups) -> Trace:
        """Return a function from facts to the fact that leaves the test undecided, or to nothing."""
        test, fact = self.compiled(groups), (self.fact,)
        return lambda facts: fact if test(facts) is None else ()

    def words(self, facts: Facts | None = None) -> str:
        """Return the test in words, with the value of the fact where it is given."""
        name = self.fact.replace("_", " ")
        if facts is not None and self.op != "stated":
            given = facts[self.fact]
            name += f" {given:,.6g}" if isinstance(given, float) else f" {SAID.get(given, given)}"
        if self.op in COMPARISONS:
            bound = self.value if isinstance(self.value, date) else f"{self.value:,}"
            return f"{name} {COMPARISONS[self.op][1]} {bound}"
        if self.op == "stated":
            return f"{name} is {'' if self.value else 'not '}stated"
        if self.op == "is":
            return f"{name} is {SAID[self.value] if isinstance(self.value, bool) else self.value}"
        return f"{name} in {', '.join(self.value)}"


@dataclass(frozen=True, slots=True)
class Reference:
    """The outcome of another rule."""

    rule: str

    def compiled(self, groups: Groups) -> Test:  # noqa: ARG002 - the same call for every part
        """Return the test as a function."""
        rule = self.rule
        return lambda facts: facts[rule]

    def undecided(self, groups: Groups) -> Trace:  # noqa: ARG002
        """Return a function from facts to the rule, where it is undecided; the caller follows it."""
        rule = self.rule
        return lambda facts: (rule,) if facts[rule] is None else ()

    def words(self, facts: Facts | None = None) -> str:
        """Return the test in words."""
        return self.rule if facts is None else f"{self.rule}: {SAID[facts[self.rule]]}"


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts joined by all, any, or (one part) not."""

    how: str
    parts: tuple[Condition, ...]

    def compiled(self, groups: Groups) -> Test:
        """Return the test as a function."""
        tests = tuple(part.compiled(groups) for part in self.parts)
        if self.how == "not":
            test = tests[0]
            return lambda facts: None if (truth := test(facts)) is None else not truth
        if len(tests) == 1:
            return tests[0]
        return _every(tests) if self.how == "all" else _some(tests)

    def undecided(self, groups: Groups) -> Trace:
        """Return a function from facts to what leaves the whole undecided: nothing where it is decided."""
        test, traces = self.compiled(groups), tuple(part.undecided(groups) for part in self.parts)
        return lambda facts: tuple(name for trace in traces for name in trace(facts)) if test(facts) is None else ()

    def words(self, facts: Facts | None = None) -> str:
        """Return the condition in words."""
        texts = [part.words(facts) for part in self.parts]
        said = [f"({text})" if isinstance(part, Joined) else text for part, text in zip(self.parts, texts, strict=True)]
        if self.how == "not":
            return f"not {said[0]}" if len(self.parts) == 1 else f"not ({', '.join(said)})"
        return (" and " if self.how == "all" else " or ").join(said) or "always"


Condition: TypeAlias = Leaf | Reference | Joined


def parse(table: Mapping[str, Any]) -> Condition:
    """Return the condition that a TOML table states. Raises ValueError with what is wrong with it."""
    for how in ("all", "any"):
        if how in table:
            _only(table, {how})
            return Joined(how, tuple(parse(part) for part in _tables(table[how])))
    if "not" in table:
        _only(table, {"not"})
        return Joined("not", (parse(table["not"]),))
    if "rule" in table:
        _only(table, {"rule"})
        return Reference(str(table["rule"]))
    if "fact" not in table:
        raise ValueError(f"a condition has one of fact, rule, all, any, not; this has {', '.join(table) or 'none'}")
    leaves = tuple(_leaf(str(table["fact"]), op, value) for op, value in table.items() if op != "fact")
    if not leaves:
        raise ValueError(f"the fact '{table['fact']}' is not compared with anything")
    return leaves[0] if len(leaves) == 1 else Joined("all", leaves)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yield every test of a fact in a condition."""
    if isinstance(condition, Leaf):
        yield condition
    elif isinstance(condition, Joined):
        for part in condition.parts:
            yield from leaves(part)


def references(condition: Condition) -> Iterator[str]:
    """Yield the rules that a condition asks."""
    if isinstance(condition, Reference):
        yield condition.rule
    elif isinstance(condition, Joined):
        for part in condition.parts:
            yield from references(part)


def _leaf(fact: str, op: str, value: Any) -> Leaf:  # noqa: ANN401 - what TOML holds
    if op in COMPARISONS:
        if isinstance(value, bool) or not isinstance(value, int | float | date):
            raise ValueError(f"{fact} {op} wants a number or a date, not {value!r}")
    elif op == "stated":
        if not isinstance(value, bool):
            raise ValueError(f"{fact} stated wants true or false, not {value!r}")
    elif op in ("in", "group"):
        value = (value,) if isinstance(value, str) else tuple(value)
    elif op != "is":
        raise ValueError(f"unknown test '{op}' of {fact}; known: {', '.join(COMPARISONS)}, is, in, group, stated")
    return Leaf(fact, op, value)


def _only(table: Mapping[str, Any], known: set[str]) -> None:
    if extra := set(table) - known:
        raise ValueError(f"{', '.join(sorted(extra))} cannot stand beside {', '.join(known)}")


def _tables(value: object) -> Iterable[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(part, Mapping) for part in value):
        raise ValueError("all and any want a list of conditions")
    return value


def _union(groups: Groups, names: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    pairs = [groups.get(name, (frozenset[str](), frozenset[str]())) for name in names]
    members = frozenset[str]().union(*(pair[0] for pair in pairs))
    return members, frozenset[str]().union(*(pair[1] for pair in pairs)) - members


def _member(given: object, members: frozenset[str], uncertain: frozenset[str]) -> Truth:
    if given in members:
        return True
    return None if given is None or given in uncertain else False


def _every(tests: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> Truth:
        outcome: Truth = True
        for part in tests:
            truth = part(facts)
            if truth is False:
                return False
            if truth is None:
                outcome = None
        return outcome

    return test


def _some(tests: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> Truth:
        outcome: Truth = False
        for part in tests:
            truth = part(facts)
            if truth:
                return True
            if truth is None:
                outcome = None
        return outcome

    return test
