"""Dataclasses from tables: what is read, and what each refusal says."""

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from inception_hub.errors import ArgumentError
from inception_hub.training.toml_dataclasses import read_dataclass


@dataclass(frozen=True)
class Circle:
    radius: float


@dataclass(frozen=True)
class Square:
    side: float = 1.0

    def __post_init__(self) -> None:
        if self.side < 0:
            raise ArgumentError(f"side is {self.side}; give a number from 0.")


@dataclass(frozen=True)
class Drawing:
    title: str
    shape: Circle | Square
    dots: tuple[Square, ...] = ()
    count: int = 1
    shown: bool = True
    limit: int | None = None
    ink: Literal["black", "red"] = "black"


LEAST: dict[str, Any] = {"title": "t", "shape": {"name": "circle", "radius": 2}}


def test_every_kind_of_value_is_read() -> None:
    assert read_dataclass(Drawing, LEAST) == Drawing("t", Circle(2.0))
    more = LEAST | dict(shape={"name": "square"}, dots=[{}, {"side": 3}], count=2, shown=False, limit=7)
    assert read_dataclass(Drawing, more | {"ink": "red"}) == Drawing(
        "t", Square(), (Square(), Square(3)), 2, False, 7, "red"
    )
    assert read_dataclass(Drawing, LEAST | {"limit": "none"}).limit is None
    assert read_dataclass(Drawing, LEAST | {"limit": None}).limit is None
    radius = read_dataclass(Circle, {"radius": 2}).radius
    assert isinstance(radius, float)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"colour": 1}, "colour is unknown; give any of title, shape, dots, count, shown, limit, ink."),
        ({"dots": [{}, {"sides": 3}]}, "dots.1.sides is unknown; give any of side."),
        ({'odd "key"\n': 1}, "'odd \"key\"\\n' is unknown; give any of"),
        ({"x" * 99: 1}, "x" * 99 + " is unknown"),
        ({"title": 5}, "title is 5; give text."),
        ({"title": None}, "title is None; give text."),
        ({"title": "none", "count": "none"}, "count is 'none'; give a whole number."),
        ({"count": True}, "count is True; give a whole number."),
        ({"count": 2.0}, "count is 2.0; give a whole number."),
        ({"count": 2**63}, "count is 9223372036854775808; give a whole number."),
        ({"shown": 1}, "shown is 1; give true or false."),
        ({"limit": "7"}, "limit is '7'; give a whole number or \"none\"."),
        ({"ink": "blue"}, 'ink is \'blue\'; give "black" or "red".'),
        ({"ink": ["red"]}, 'ink is a list; give "black" or "red".'),
        ({"dots": {}}, "dots is a table; give a list of tables."),
        ({"dots": [1]}, "dots.0 is 1; give a table."),
        ({"dots": [{"side": -1}]}, "dots.0.side is -1.0; give a number from 0."),
        ({"shape": 1}, 'shape is 1; give a table whose name is "circle" or "square".'),
        ({"shape": {"radius": 1}}, 'shape.name is missing; give "circle" or "square".'),
        ({"shape": {"name": ["circle"]}}, 'shape.name is a list; give "circle" or "square".'),
        ({"shape": {"name": "circle"}}, "shape.radius is missing; give a number such as 0.5."),
        ({"shape": {"name": "circle", "radius": True}}, "shape.radius is True; give a number such as 0.5."),
        ({"title": 5 * 10**70}, "title is 5" + "0" * 58 + "…; give text."),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        read_dataclass(Drawing, LEAST | changes)
    assert str(raised.value).startswith(message)
    assert len(str(raised.value).splitlines()) == 1


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ArgumentError, match='^shape is missing; give a table whose name is "circle" or'):
        read_dataclass(Drawing, {"title": "t"})
    with pytest.raises(ArgumentError, match="^the recipe is a list; give a table.$"):
        read_dataclass(Drawing, [])
