"""JSON from outside is one object, in which each key is there once."""

import math

import pytest

from pipeline.domain.json_text import RepeatedKey, json_object


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        (b"\xff\xfe\x00", "codec"),
        ("[1]", "it is no JSON object"),
        ('{"seed": NaN}', "NaN is no JSON"),
        ('{"seed": -Infinity}', "-Infinity is no JSON"),
        ('{"a": ' + 100_000 * "[" + 100_000 * "]" + "}", "it nests too deeply"),
        ('{"seed": ' + 10_000 * "9" + "}", "digits"),
        ('{"a": {"seed": 1, "seed": 1}}', "it has 'seed' twice"),
    ],
)
def test_what_is_no_object_is_a_value_error_that_says_why(text: str | bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        json_object(text)


def test_infinity_is_taken_where_python_writes_it() -> None:
    assert json_object('{"lambda_min_clipped": -Infinity}', takes_infinity=True) == {"lambda_min_clipped": -math.inf}


def test_the_repeated_key_is_named() -> None:
    with pytest.raises(RepeatedKey) as caught:
        json_object('{"seed": 1, "prompt": "a", "seed": 2}')
    assert caught.value.key == "seed"


def test_objects_are_read_from_text_and_bytes() -> None:
    for text in ('{"prompt": "ein Haus \N{HEAVY BLACK HEART}"}', '{"prompt": "ein Haus \\u2764"}'.encode("utf-16")):
        assert json_object(text) == {"prompt": "ein Haus \N{HEAVY BLACK HEART}"}
