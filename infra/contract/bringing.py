"""Puts services of another repository into a stage file."""

from __future__ import annotations

from infra.contract.reading import FILE_NAME, StageFileError
from infra.contract.stage_file import StageFile
from infra.contract.uses import Use


def with_services(stage: StageFile, use: Use, other: StageFile, commit: str) -> StageFile:
    """The same with services of another repository at a commit, and the jobs before them.

    Paths that lead to a service of this one stay with it. Raises StageFileError.
    """
    where = f"{FILE_NAME}: uses: {use.repository}"
    wanted = use.services or tuple(other.services)
    if missing := sorted(set(wanted) - set(other.services)):
        raise StageFileError(
            f"{where} has no service {missing[0]!r}: it has {', '.join(sorted(other.services))}"
        )
    jobs = {
        name: job.model_copy(
            update={
                "commit": job.commit or commit,
                "before": tuple(one for one in job.before or other.services if one in wanted),
            }
        )
        for name, job in other.jobs.items()
        if not job.before or set(job.before) & set(wanted)
    }
    if twice := sorted(({*wanted, *jobs}) & ({*stage.services, *stage.jobs})):
        raise StageFileError(
            f"{where} brings {twice[0]!r}, and there is one of that name already: name under "
            "`services` those that you need, or rename yours"
        )
    routes = {service.route for service in stage.services.values()}
    services = {
        name: service.model_copy(
            update={
                "commit": service.commit or commit,
                "route": None if service.route in routes else service.route,
            }
        )
        for name, service in other.services.items()
        if name in wanted
    }
    return stage.model_copy(
        update={"services": {**stage.services, **services}, "jobs": {**stage.jobs, **jobs}}
    )
