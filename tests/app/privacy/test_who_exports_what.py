"""What the two sides of a tandem say stays theirs, also where an operator exports."""

import json
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from app.access.models import Role
from app.access.service import SYSTEM
from app.privacy import people
from app.tandems.models import SuggestionSide
from tests.app.exchanges.conftest import START, Pair, a_pair, done
from tests.world import JsonObject, World

OF_THE_COMPANY = ("line", "reason", "room", "item", "topics", "take-away", "next", "why")
OF_THE_PERSON = (*OF_THE_COMPANY, "note")
KIM = {"email": "kim@nordwerk.example", "first_name": "Kim", "deputy": False}


def test_an_operator_exports_nothing_that_only_the_two_sides_may_read(world: World) -> None:
    with a_pair(world) as pair:
        company_id, alex = pair.two.nord, done(pair.nord.get("/v1/people"))["items"][0]["id"]
        named = world.caller(Role.COORDINATOR, company_id).put(
            f"/v1/companies/{company_id}/coordinators", json={"coordinators": [KIM]}, headers={"If-Match": "*"}
        )
        assert named.status_code == 200, named.text
        told_in_confidence(pair, alex)
        of_company, of_person = f"/v1/companies/{company_id}/export", f"/v1/people/{alex}/export"

        own = [pair.nord.get(address).text for address in (of_company, of_person)]
        by_operator = [world.operator.get(address) for address in (of_company, of_person)]
        at_the_machine = b"".join(people.export(world.database, SYSTEM, alex)).decode()

    for words, text in ((OF_THE_COMPANY, own[0]), (OF_THE_PERSON, own[1]), (OF_THE_PERSON, at_the_machine)):
        assert [word for word in words if f"Secret {word}" not in text] == []
    assert [one.status_code for one in by_operator] == [200, 200]
    assert [one.text for one in by_operator if "Secret" in one.text] == []
    answers = [one for text in by_operator for one in lines(text.text) if one["record"] in ("suggestion", "answer")]
    assert [{"answer", "own_answer", "status", "next_steps"} & one.keys() for one in answers] == [set(), set()]
    assert list(dict.fromkeys(one["record"] for one in lines(own[0]))) == [
        *("company", "person", "coordinator", "guideline_acceptance", "key", "community"),
        *("suggestion", "tandem", "exchange", "harvest", "pulse"),
    ]
    [coordinator] = [one for one in lines(own[0]) if one["record"] == "coordinator"]
    assert coordinator["email"] == KIM["email"]


def told_in_confidence(pair: Pair, alex: str) -> None:
    """Everything that a side can say, in words that are found again."""
    with pair.world.database.session() as session:
        mine = update(SuggestionSide).where(col(SuggestionSide.company_id) == pair.two.nord)
        session.execute(mine.values(reason="Secret reason", answered_by=alex))
    held = pair.kick_off()
    pair.say("minutes", held, topics="Secret topics: prices", take_away="Secret take-away", next="Secret next")
    itself = pair.world.caller(Role.MANAGER, pair.two.nord, person_id=alex)
    [hint] = done(itself.get(f"/v1/exchanges/{held['id']}/hints"))["items"]
    keep = {"pointer": hint["pointer"], "topic": hint["topic"], "reason": "Secret note"}
    pair.say("hints/keep", held, itself, **keep)
    pair.plan(START + timedelta(days=30), place="Secret room", agenda=[{"text": "Secret item", "minutes": 60}])
    done(pair.nord.post(f"{pair.address}/pulse", json={"pulse": "continue", "why": "Secret why"}))
    lines_of_both = {"lines": ["Secret line"]}
    done(pair.nord.put(f"{pair.address}/harvest", json=lines_of_both, headers={"If-Match": "*"}))


def lines(text: str) -> list[JsonObject]:
    return [json.loads(line) for line in text.splitlines()]
