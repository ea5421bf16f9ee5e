"""A flow that makes Assay's assets of one width for one part of time, in order.

What there is comes from `assay assets --json`; making a part of it is `assay materialize`.
Settings are in README.md. `python assay_flow.py` serves it on intervals.
"""

import json
import os
import shlex
import subprocess
from datetime import datetime, timedelta, timezone
from typing import Literal

from prefect import flow, serve, task
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.tasks import exponential_backoff

COMMAND = shlex.split(os.environ.get("ASSAY_ORCHESTRATOR_COMMAND", "assay"))
ONLY = os.environ.get("ASSAY_ORCHESTRATOR_ASSETS", "").split()
DONE, USAGE, SKIPPED = 0, 2, 3

Width = Literal["hourly", "daily", "none"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WIDTHS = {"hourly": HOUR, "daily": DAY}
KEYS = {"hourly": "%Y-%m-%dT%H", "daily": "%Y-%m-%d"}


def assay(*arguments: str) -> tuple[int, dict]:
    """Runs Assay; returns its status and what it says on its last line."""
    ended = subprocess.run([*COMMAND, *arguments, "--json"], stdout=subprocess.PIPE, text=True)
    lines = ended.stdout.splitlines()
    return ended.returncode, json.loads(lines[-1]) if lines else {}


@task(
    task_run_name="{asset} {partition}",
    retries=2,
    retry_delay_seconds=exponential_backoff(backoff_factor=10),
    retry_jitter_factor=1,
    timeout_seconds=1800,
    log_prints=True,
)
def materialize(asset: str, partition: str) -> State:
    """Makes one part; nothing to do is a completed run named Skipped."""
    status, answer = assay("materialize", asset, *(["--partition", partition] if partition else []))
    print(json.dumps(answer))
    if status == DONE:
        return Completed(message=f"{answer['rows']} rows", data=answer)
    if status == SKIPPED:
        return Completed(name="Skipped", message=answer.get("reason"), data=answer)
    message = f"{asset} {partition}: assay ended with status {status}"
    if status == USAGE:
        # A mistake in what was asked for: a state that is returned is not tried again.
        return Failed(message=message)
    raise RuntimeError(message)


def closed(width: Width) -> str:
    """Returns the last part that was over when this run was due."""
    if width == "none":
        return ""
    due = flow_run.scheduled_start_time or datetime.now(timezone.utc)
    return (due.astimezone(timezone.utc) - WIDTHS[width]).strftime(KEYS[width])


def run_name() -> str:
    """Returns what a run is called: what it makes."""
    width, partition = (flow_run.parameters[name] for name in ("width", "partition"))
    return f"{width} {closed(width) if partition is None else partition}"


def in_order(assets: list[dict]) -> list[dict]:
    """Returns assets with those first that others are made from."""
    ordered: dict[str, dict] = {}
    by_key = {asset["key"]: asset for asset in assets}

    def add(asset: dict) -> None:
        for dependency in asset["dependencies"]:
            if dependency in by_key:
                add(by_key[dependency])
        ordered[asset["key"]] = asset

    for asset in assets:
        add(asset)
    return list(ordered.values())


@flow(name="assay", flow_run_name=run_name)
def assay_flow(
    width: Width = "hourly", partition: str | None = None, assets: list[str] | None = None
) -> State:
    """Makes the assets of a width: all, or some; for a part, or for the last that is over."""
    part = closed(width) if partition is None else partition
    wanted = assets or ONLY
    status, listed = assay("assets")
    if status != DONE:
        return Failed(message=f"assay assets ended with status {status}")
    found = [asset for asset in listed["assets"] if asset["partitions"] == width]
    chosen = [asset for asset in in_order(found) if not wanted or asset["key"] in wanted]
    unknown = set(assets or []) - {asset["key"] for asset in chosen}
    if unknown:
        return Failed(message=f"there is no {width} asset {', '.join(sorted(unknown))}")
    states = {}
    for asset in chosen:
        states[asset["key"]] = state = materialize(asset["key"], part, return_state=True)
        if state.is_failed():
            return Failed(message=state.message)
    made = {key: state.result() for key, state in states.items()}
    skipped = all(state.name == "Skipped" for state in states.values())
    name = "Skipped" if skipped else "Completed"
    return Completed(name=name, message=f"{len(made)} assets, {part}", data=made)


if __name__ == "__main__":
    serve(
        assay_flow.to_deployment("hourly", interval=HOUR),
        assay_flow.to_deployment("daily", interval=DAY, parameters={"width": "daily"}),
        assay_flow.to_deployment("upkeep", interval=DAY, parameters={"width": "none"}),
        limit=1,
    )
