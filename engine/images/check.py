"""A check of the store from its beginning to its report, with repairs where they are asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from engine.images.catalogue import Catalogue
from engine.images.check_models import CheckReport, Finding, OnCheck, Problem, Subject
from engine.images.checking import Checked, Container, find
from engine.images.naming import label
from engine.images.offload import settled
from engine.images.parts import Parts
from engine.oci.digest import Digest
from engine.store.locks import lock

_PATIENCE = 60.0  # seconds to wait for a removal
_ROWS = (Subject.DATABASE, Subject.IMAGE)


async def check(
    parts: Parts,
    containers: Sequence[Container],
    running: Callable[[str], bool],
    mend: bool,
    on_progress: OnCheck | None,
) -> CheckReport:
    """Look at everything and, with `mend`, repair what can be repaired; see `Upkeep.check`."""
    begun = time.monotonic()

    def look() -> Checked:
        # Held so that nothing is removed while it is looked at; pulls go on.
        with lock(parts.layout, "content", shared=True, timeout=_PATIENCE):
            return find(parts, containers, on_progress)

    checked = await settled(look)
    left = dict.fromkeys(checked.findings, "")
    done: list[Finding] = []
    if mend and checked.catalogue is not None:
        checked, done, left = await _mend(parts, checked, containers, running, look)
    catalogue = checked.catalogue
    problems = [_problem(finding, catalogue, containers, repaired=True) for finding in done]
    problems += [
        _problem(finding, catalogue, containers, repaired=False, reason=reason)
        for finding, reason in left.items()
    ]
    leftovers = checked.leftovers
    return CheckReport(
        images=len(catalogue.images) if catalogue else 0,
        blobs=checked.blobs,
        layers=checked.layers,
        files=checked.files,
        size=checked.size,
        leftovers=leftovers.count if leftovers else 0,
        leftover_bytes=leftovers.size if leftovers else 0,
        problems=tuple(problems),
        seconds=time.monotonic() - begun,
    )


async def _mend(
    parts: Parts,
    checked: Checked,
    containers: Sequence[Container],
    running: Callable[[str], bool],
    look: Callable[[], Checked],
) -> tuple[Checked, list[Finding], dict[Finding, str]]:
    """What was found last, what was repaired, and what was not, with the reason."""
    from engine.images.repairing import repair, repair_rows  # aiohttp, which a look alone does without

    def held(image_id: Digest) -> str:
        standing = (each for each in containers if each.image_id == image_id and running(each.id))
        return next((each.name for each in standing), "")

    first = checked.findings
    catalogue = checked.catalogue
    assert catalogue is not None
    outcomes = await repair(parts, catalogue, first, held)
    if checked.unreadable or any(finding.subject in _ROWS for finding in first):
        await settled(lambda: repair_rows(parts, catalogue, first))
        # Rows say what must be on disk: with other rows, other things are right.
        checked = await settled(look)
        if checked.catalogue is not None:
            again = await repair(parts, checked.catalogue, checked.findings, held)
            outcomes = {**outcomes, **again}
    left = {
        finding: outcomes[finding].reason if finding in outcomes else ""
        for finding in checked.findings
        if finding not in outcomes or outcomes[finding].reason
    }
    return (
        checked,
        [finding for finding in dict.fromkeys((*first, *checked.findings)) if finding not in left],
        left,
    )


def _problem(
    finding: Finding,
    catalogue: Catalogue | None,
    containers: Sequence[Container],
    *,
    repaired: bool,
    reason: str = "",
) -> Problem:
    names = tuple(
        label(catalogue.by_id[image]) if catalogue and image in catalogue.by_id else image.short
        for image in finding.images
    )
    advice = "" if repaired else _advice(finding, names, containers, tried=bool(reason))
    what = f"{finding.what}; not repaired: {reason}" if reason else finding.what
    return Problem(finding.subject, finding.id, what, names, repaired, advice)


def _advice(finding: Finding, names: Sequence[str], containers: Sequence[Container], *, tried: bool) -> str:
    if finding.subject is Subject.DATABASE:
        return "move lamina.db away, then pull or load the images again; containers are lost with it"
    if finding.subject is Subject.CONTAINER:
        name = next((each.name for each in containers if each.id == finding.id), finding.id)
        return f"what it wrote is lost; lamina rm {name}"
    if not tried:
        return "lamina system check --repair"
    return "; ".join(f"lamina rmi {name}, then lamina pull {name} or load it again" for name in names)
