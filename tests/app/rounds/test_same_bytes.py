"""The same snapshot gives the same bytes: run again, in another process, and read in another order."""

import json
import random
import sys

from sqlmodel import Session, col, select

from app.core.settings import Settings
from app.rounds.models import Proposal, RoundSnapshot
from app.rounds.snapshot import freeze, thaw
from matching.matcher import TandemMatcher
from tests.end_to_end.service import process, wait_for
from tests.world import World


def stored(session: Session, round_id: str) -> str:
    """Everything that is stored of the proposals of a round, but the number of the run."""
    rows = session.exec(select(Proposal).where(col(Proposal.round_id) == round_id).order_by(col(Proposal.rank)))
    return json.dumps([one.model_dump(exclude={"run"}) for one in rows])


def community(name: str, *tags: str) -> dict[str, object]:
    return {"name": name, "tags": list(tags), "capacity": 2, "languages": ["en"]}


def test_three_runs_one_of_them_in_another_process_and_a_shuffled_reading_give_the_same(
    world: World, settings: Settings
) -> None:
    words = ["python", "charts", "energy", "cooking", "chess", "running", "music"]
    for number in range(4):
        company = world.company(f"Company {number}")
        picked = random.Random(number)
        world.published(company, *(community(f"C{number} {n}", *picked.sample(words, 3)) for n in range(6)))
    round_id = world.proposed_round(min_similarity=0.05)["id"]
    address = f"/v1/rounds/{round_id}"
    with world.database.reader() as session:
        first, shown = stored(session, round_id), world.organizer.get(f"{address}/proposals").content

    world.organizer.post(f"{address}/rerun")
    world.worker.run_until_idle()
    with world.database.reader() as session:
        assert stored(session, round_id) == first
    world.organizer.post(f"{address}/rerun")
    with process([sys.executable, "-m", "app.worker"], settings.database_url):
        wait_for(lambda: world.organizer.get(address).json()["run"] == 3, "the other process to finish")

    with world.database.reader() as session:
        assert stored(session, round_id) == first
        snapshot = session.get_one(RoundSnapshot, round_id)
        frozen = thaw(snapshot.content)
    assert world.organizer.get(f"{address}/proposals").content == shown
    shuffled = random.Random(1).sample(frozen.profiles, len(frozen.profiles))
    assert freeze(shuffled, frozen.past_pairs, frozen.calibration)[0] == snapshot.content
    matcher = TandemMatcher(min_similarity=0.05).fit(shuffled)
    assert [
        [one[name] for name in ("a_id", "b_id", "similarity", "correction", "probability", "reasons", "other")]
        for one in json.loads(first)
    ] == [
        [one[name] for name in ("a", "b", "similarity", "correction", "probability", "reasons", "other")]
        for one in json.loads(json.dumps([tandem.as_record() for tandem in matcher.tandems_]))
    ]
