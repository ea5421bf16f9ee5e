"""Runs the flow of deploy/prefect with each of the given parameters, JSON objects, one after
another against one temporary server; prints how the runs ended as one line of JSON."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "deploy" / "prefect"))
from assay_flow import assay_flow
from prefect.client.orchestration import get_client

ended = []
for parameters in map(json.loads, sys.argv[1:]):
    state = assay_flow(**parameters, return_state=True)
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
    ended.append(
        {
            "run": run.name,
            # As the server keeps it, not only as the process saw it.
            "type": run.state.type.value,
            "name": run.state.name,
            "message": run.state.message,
            "made": state.result() if state.is_completed() else None,
        }
    )
print(json.dumps(ended))
