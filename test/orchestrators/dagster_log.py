"""Prints, as JSON, what Dagster's event log holds of one part of an asset: ASSET PARTITION.

With --materialize it is made first, within this process.
"""

import json
import sys
from pathlib import Path

import dagster as dg

sys.path.insert(0, str(Path(__file__).parents[2] / "deploy" / "dagster"))
import assay_assets

key, partition = dg.AssetKey(sys.argv[1].split(".")), sys.argv[2]
instance = dg.DagsterInstance.get()
success = None
if "--materialize" in sys.argv:
    assets = [definition for definition in assay_assets.defs.assets if key in definition.keys]
    result = dg.materialize(
        assets, instance=instance, partition_key=partition, raise_on_error=False
    )
    success = result.success

records = instance.fetch_materializations(
    dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition]), limit=100
).records
made = [record.asset_materialization for record in records]
storage = instance.event_log_storage
checks = {
    check.name: storage.get_asset_check_execution_history(
        dg.AssetCheckKey(key, check.name), limit=1
    )
    for definition in assay_assets.defs.assets
    for check in definition.check_specs
    if check.asset_key == key
}
print(
    json.dumps(
        {
            "success": success,
            "assets": sorted(
                ".".join(k.path) for one in assay_assets.defs.assets for k in one.keys
            ),
            "made": [
                {
                    "version": one.tags["dagster/data_version"],
                    "metadata": {name: value.value for name, value in one.metadata.items()},
                }
                for one in made
            ],
            "checks": {name: found[0].status.value for name, found in checks.items() if found},
        }
    )
)
