"""Handles: one name for one viewer and purpose, and nothing for anybody else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.communities.handles import Handles, HandleUnknown, block_of
from app.core.ids import new_id

PEPPER = "pepper" * 8


def test_a_viewer_always_gets_the_same_handle_and_can_open_it() -> None:
    community_id = new_id("cmt")
    first, later = Handles(PEPPER, "discovery", "cmp_a"), Handles(PEPPER, "discovery", "cmp_a")

    assert first.of(community_id) == later.of(community_id)
    assert later.open(first.of(community_id)) == community_id


def test_viewers_purposes_and_services_have_other_handles_and_cannot_open_each_others() -> None:
    community_id = new_id("cmt")
    everybody = [
        Handles(PEPPER, "discovery", "cmp_a"),
        Handles(PEPPER, "discovery", "cmp_b"),
        Handles(PEPPER, "suggestion", "cmp_a"),
        Handles("salt" * 9, "discovery", "cmp_a"),
    ]
    handles = [one.of(community_id) for one in everybody]

    assert len(set(handles)) == len(everybody)
    for owner, handle in enumerate(handles):
        for reader, one in enumerate(everybody):
            if reader != owner:
                with pytest.raises(HandleUnknown):
                    one.open(handle)


def test_a_handle_has_one_length_and_nothing_of_the_id() -> None:
    handles = Handles(PEPPER, "discovery", "cmp_a")
    ids = [new_id("cmt") for _ in range(50)]
    made = [handles.of(one) for one in ids]

    assert {len(one) for one in made} == {56}
    assert made != sorted(made), "ids are made in the order of time, their handles are not"
    assert not any(one[4:14] in handle for one in ids for handle in made)


@pytest.mark.parametrize(
    "handle", ["", "hdl_", "cmt_" + "0" * 52, "hdl_" + "0" * 52, "hdl_" + "z" * 52, "hdl_" + "0" * 51, "hdl_🎉"]
)
def test_what_is_no_handle_is_unknown(handle: str) -> None:
    with pytest.raises(HandleUnknown):
        Handles(PEPPER, "discovery", "cmp_a").open(handle)


def test_a_handle_with_one_other_character_is_unknown() -> None:
    handles = Handles(PEPPER, "discovery", "cmp_a")
    handle = handles.of(new_id("cmt"))

    for place in range(4, 55):
        changed = handle[:place] + ("0" if handle[place] != "0" else "1") + handle[place + 1 :]
        with pytest.raises(HandleUnknown):
            handles.open(changed)


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=20))
def test_places_computed_together_are_those_of_the_handles(blocks: list[bytes]) -> None:
    from base64 import b32hexencode

    handles = Handles(PEPPER, "discovery", "cmp_a")
    ids = ["cmt_" + b32hexencode(block).decode().rstrip("=").lower() for block in blocks]
    together = handles.places(np.frombuffer(b"".join(blocks), dtype=np.uint8).reshape(-1, 16))

    assert [block_of(one) for one in ids] == blocks
    assert together.tolist() == [handles.place(handles.of(one)) for one in ids]


@pytest.mark.parametrize("text", ["", "cmt_", "cmt_1", "cmt_" + "!" * 26, "cmt_" + "0" * 32])
def test_only_ids_of_this_service_have_handles(text: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        block_of(text)
