"""Every asset of Assay as an asset of Dagster: same partition keys, checks, versions, dependencies.

What there is comes from `assay assets --json`; making a part of it is `assay materialize`, which
speaks Dagster Pipes. Settings are in README.md.
"""

import json
import os
import shlex
import subprocess
from datetime import timedelta

import dagster as dg

COMMAND = shlex.split(os.environ.get("ASSAY_ORCHESTRATOR_COMMAND", "assay"))
START = os.environ.get("ASSAY_ORCHESTRATOR_START", "2026-01-01")
ONLY = os.environ.get("ASSAY_ORCHESTRATOR_ASSETS", "").split()
DONE, SKIPPED = 0, 3

PARTITIONS = {
    # Dagster's own hourly keys are 2026-01-31-07:00; these are Assay's.
    "hourly": dg.TimeWindowPartitionsDefinition(
        start=f"{START}T00", fmt="%Y-%m-%dT%H", cron_schedule="0 * * * *"
    ),
    "daily": dg.DailyPartitionsDefinition(start_date=START),
    "none": None,
}
WIDTHS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "none": timedelta()}


def catalogue() -> list[dict]:
    """Returns what Assay can make, the assets that Dagster is to own."""
    listed = subprocess.run([*COMMAND, "assets", "--json"], stdout=subprocess.PIPE, check=True)
    assets = json.loads(listed.stdout.splitlines()[-1])["assets"]
    return [asset for asset in assets if not ONLY or asset["key"] in ONLY]


def run_assay(context: dg.AssetExecutionContext, asset: str):
    """Makes one part, and yields what was said of it, also where it failed.

    Not by PipesSubprocessClient: that takes every status but 0 for a failure, and of a failure
    it passes nothing on, so a check that fails would not be seen to fail.
    """
    with dg.open_pipes_session(
        context=context,
        context_injector=dg.PipesEnvContextInjector(),
        message_reader=dg.PipesTempFileMessageReader(),
    ) as session:
        process = subprocess.Popen(
            [*COMMAND, "materialize", asset, "--json"],
            env={**os.environ, **session.get_bootstrap_env_vars()},
        )
        try:
            status = process.wait()
        finally:
            # Where Dagster ends the run: Assay lets go of its part and exits.
            if process.poll() is None:
                process.terminate()
                process.wait()
    skipped = status == SKIPPED
    results = session.get_results(implicit_materializations=skipped, metadata={"skipped": skipped})
    yield from results
    if skipped:
        yield from not_looked_at(context, results)
    elif status != DONE:
        # Status 2 is a mistake in what was asked for: asking again cannot help.
        raise dg.Failure(f"assay ended with status {status}", allow_retries=status == 1)


def not_looked_at(context: dg.AssetExecutionContext, results):
    """Yields a result for each check that a skipped part said nothing of: Dagster wants all."""
    told = {result.check_name for result in results if isinstance(result, dg.AssetCheckResult)}
    for key in context.selected_asset_check_keys:
        if key.name not in told:
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=True,
                metadata={"skipped": True},
            )


def define(asset: dict) -> dg.AssetsDefinition:
    """Returns the definition of one asset."""
    path, fresh = asset["key"].split("."), asset["freshness_seconds"]
    retry = dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL)
    overdue = None if fresh is None else WIDTHS[asset["partitions"]] + timedelta(seconds=fresh)

    @dg.asset(
        key=path,
        deps=[dg.AssetKey(dependency.split(".")) for dependency in asset["dependencies"]],
        description=asset["about"],
        group_name=path[0],
        kinds={"assay"},
        code_version=asset["code_version"],
        partitions_def=PARTITIONS[asset["partitions"]],
        check_specs=[dg.AssetCheckSpec(name, asset=path) for name in asset["checks"]],
        freshness_policy=overdue and dg.FreshnessPolicy.time_window(fail_window=overdue),
        pool=asset["pool"],
        retry_policy=retry,
    )
    def made(context: dg.AssetExecutionContext):
        yield from run_assay(context, asset["key"])

    return made


def own_time(assets: list[dict]) -> list[dg.ScheduleDefinition]:
    """Returns a schedule for the hour that closed, the day that closed, and what has no parts."""
    schedules = []
    for kind, cron in {"hourly": "2 * * * *", "daily": "10 0 * * *", "none": "20 0 * * *"}.items():
        keys = [dg.AssetKey(a["key"].split(".")) for a in assets if a["partitions"] == kind]
        if not keys:
            continue
        job = dg.define_asset_job(f"assay_{kind}", dg.AssetSelection.assets(*keys))
        schedules.append(scheduled(job, kind, cron))
    return schedules


def scheduled(job, kind: str, cron: str) -> dg.ScheduleDefinition:
    """Returns the schedule of a job; its run's key keeps a part from being asked for twice."""

    @dg.schedule(job=job, cron_schedule=cron, execution_timezone="UTC", name=f"{job.name}_schedule")
    def tick(context: dg.ScheduleEvaluationContext):
        at = context.scheduled_execution_time
        closed = at - WIDTHS[kind]
        key = closed.strftime(PARTITIONS[kind].fmt) if PARTITIONS[kind] else None
        return dg.RunRequest(run_key=key or at.isoformat(), partition_key=key)

    return tick


ASSETS = catalogue()
defs = dg.Definitions(
    assets=[define(asset) for asset in ASSETS],
    schedules=own_time(ASSETS),
)
