"""Assay's assets as assets of Airflow 3, made by a DAG for each width and one that follows.

What there is comes from `assay assets --json`; making a part of it is `assay materialize`.
Settings are in README.md.
"""

import json
import logging
import os
import shlex
import subprocess
import urllib.request
from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

COMMAND = shlex.split(os.environ.get("ASSAY_ORCHESTRATOR_COMMAND", "assay"))
START = datetime.fromisoformat(os.environ.get("ASSAY_ORCHESTRATOR_START", "2026-01-01"))
ONLY = os.environ.get("ASSAY_ORCHESTRATOR_ASSETS", "").split()
ALERT_URL = os.environ.get("ASSAY_ORCHESTRATOR_ALERT_URL")
DONE, USAGE, SKIPPED = 0, 2, 3

KEYS = {"hourly": "%Y-%m-%dT%H", "daily": "%Y-%m-%d", "none": ""}
# Assets that Assay itself would make so often are kept up to date within the hour too.
FIVE_MINUTES = "*/5 * * * *"
# The asset whose making starts the DAG of proofs, and their layer.
PROVEN, PROOFS = "gold.candles_1h", "quality."


def alert(context: dict) -> None:
    """Tells of a task that failed for good, and says so in the log."""
    instance = context["task_instance"]
    said = {
        "text": f"Assay: {instance.task_id} of {instance.dag_id} failed",
        "run": context["run_id"],
        "reason": str(context.get("exception")),
    }
    logging.getLogger("assay").error(json.dumps(said))
    if ALERT_URL:
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(ALERT_URL, json.dumps(said).encode(), headers)
        urllib.request.urlopen(request, timeout=10).close()


def materialize(asset: str, partition: str) -> dict | None:
    """Makes one part and returns what Assay says of it; None where there was nothing to do."""
    which = ["--partition", partition] if partition else []
    ended = subprocess.run(
        [*COMMAND, "materialize", asset, *which, "--json"], stdout=subprocess.PIPE, text=True
    )
    print(ended.stdout)
    if ended.returncode == SKIPPED:
        return None
    if ended.returncode != DONE:
        # A mistake in what was asked for is not tried again.
        failure = AirflowFailException if ended.returncode == USAGE else RuntimeError
        raise failure(f"{asset} {partition}: assay ended with status {ended.returncode}")
    return json.loads(ended.stdout.splitlines()[-1])


def make(definition: dict, partitions_of):
    """Returns a task that makes the parts of an asset that `partitions_of` finds."""
    key = definition["key"]
    outlet = Asset(name=key, uri=f"assay://{key.replace('.', '/')}", group=key.split(".")[0])

    # None failed, rather than all succeeded: what is unchanged may still be new to the next.
    @task(task_id=key, outlets=[outlet], trigger_rule="none_failed")
    def made(**context):
        made_now = [materialize(key, partition) for partition in partitions_of(context)]
        answers = [answer for answer in made_now if answer]
        if not answers:
            raise AirflowSkipException(f"{key}: nothing to do")
        told = {name: answers[-1][name] for name in ("partition", "rows", "version")}
        context["outlet_events"][outlet].extra = told
        return told

    return made()


def tasks_of(assets: list[dict], partitions_of) -> None:
    """Adds a task for each asset to the DAG at hand, in the order of their dependencies."""
    made = {asset["key"]: make(asset, partitions_of) for asset in assets}
    for asset in assets:
        for dependency in asset["dependencies"]:
            if dependency in made:
                made[dependency] >> made[asset["key"]]


def of_logical_date(fmt: str):
    """Returns what finds the part that begins at a run's logical date."""
    return lambda context: [context["logical_date"].astimezone(timezone.utc).strftime(fmt)]


def of_events(context: dict) -> list[str]:
    """Returns the hours whose making started this run, once over; of a manual run, its own."""
    events = [event for group in context["triggering_asset_events"].values() for event in group]
    if not events:
        return of_logical_date(KEYS["hourly"])(context)
    lasting = datetime.now(timezone.utc).strftime(KEYS["hourly"])
    return sorted({event.extra["partition"] for event in events} - {lasting})


def catalogue() -> list[dict]:
    """Returns what Assay can make, the assets that Airflow is to own."""
    listed = subprocess.run([*COMMAND, "assets", "--json"], stdout=subprocess.PIPE, check=True)
    assets = json.loads(listed.stdout.splitlines()[-1])["assets"]
    return [asset for asset in assets if not ONLY or asset["key"] in ONLY]


ASSETS = catalogue()
COMMON = {
    "start_date": START.replace(tzinfo=timezone.utc),
    "catchup": False,
    # One part after another: each is short, and there is one warehouse.
    "max_active_runs": 1,
    "tags": ["assay"],
    "default_args": {
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(minutes=30),
        "on_failure_callback": alert,
    },
}


def closed(cron: str) -> CronDataIntervalTimetable:
    """Returns a timetable whose runs are about the interval that just ended, not the next."""
    return CronDataIntervalTimetable(cron, timezone="UTC")


hourly = [asset for asset in ASSETS if asset["partitions"] == "hourly"]
proofs = [asset for asset in hourly if asset["key"].startswith(PROOFS)]
WIDTHS = {
    "assay_5m": (FIVE_MINUTES, [a for a in hourly if FIVE_MINUTES in a["schedules"]], "hourly"),
    "assay_hourly": ("0 * * * *", [a for a in hourly if a not in proofs], "hourly"),
    "assay_daily": ("0 0 * * *", [a for a in ASSETS if a["partitions"] == "daily"], "daily"),
    "assay_upkeep": ("0 0 * * *", [a for a in ASSETS if a["partitions"] == "none"], "none"),
}
for name, (cron, assets, width) in WIDTHS.items():
    if assets:
        with DAG(name, schedule=closed(cron), **COMMON):
            tasks_of(assets, of_logical_date(KEYS[width]))

if proofs:
    made_hour = Asset(name=PROVEN, uri=f"assay://{PROVEN.replace('.', '/')}")
    with DAG("assay_proofs", schedule=[made_hour], **COMMON):
        tasks_of(proofs, of_events)
