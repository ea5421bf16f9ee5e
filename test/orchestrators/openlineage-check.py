"""Reads events of OpenLineage, one JSON line each, and makes the classes of the Python client of
them: those refuse a bad id or time and an unknown field. Prints what it found, as JSON.
"""

import importlib
import json
import pkgutil
import sys

from openlineage.client import event_v2, generated
from openlineage.client.generated.base import BaseFacet
from openlineage.client.serde import Serde


def facet_classes():
    """Every facet class of the client, by the URL of its schema."""
    found = {}
    for module in pkgutil.iter_modules(generated.__path__):
        loaded = importlib.import_module(f"{generated.__name__}.{module.name}")
        for value in vars(loaded).values():
            if isinstance(value, type) and issubclass(value, BaseFacet):
                found[value._get_schema()] = value
    return found


CLASSES = facet_classes()


def facets(bag):
    made = {}
    for name, fields in bag.items():
        schema = fields["_schemaURL"]
        if schema not in CLASSES:
            raise ValueError(f"{name}: the client knows no schema {schema}")
        own = {key: value for key, value in fields.items() if not key.startswith("_")}
        made[name] = CLASSES[schema](producer=fields["_producer"], **own)
    return made


def event(told):
    run = event_v2.Run(runId=told["run"]["runId"], facets=facets(told["run"]["facets"]))
    job = event_v2.Job(
        namespace=told["job"]["namespace"],
        name=told["job"]["name"],
        facets=facets(told["job"]["facets"]),
    )
    inputs = [
        event_v2.InputDataset(
            namespace=one["namespace"],
            name=one["name"],
            facets=facets(one["facets"]),
            inputFacets=facets(one["inputFacets"]),
        )
        for one in told["inputs"]
    ]
    outputs = [
        event_v2.OutputDataset(
            namespace=one["namespace"],
            name=one["name"],
            facets=facets(one["facets"]),
            outputFacets=facets(one["outputFacets"]),
        )
        for one in told["outputs"]
    ]
    made = event_v2.RunEvent(
        eventTime=told["eventTime"],
        eventType=event_v2.RunState[told["eventType"]],
        producer=told["producer"],
        run=run,
        job=job,
        inputs=inputs,
        outputs=outputs,
    )
    if made.schemaURL != told["schemaURL"]:
        raise ValueError(f"the client's schema is {made.schemaURL}, not {told['schemaURL']}")
    return json.loads(Serde.to_json(made))


def pruned(value):
    """A value without what is empty, which the client leaves out or fills in as it likes."""
    if isinstance(value, dict):
        kept = {key: pruned(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one not in (None, {}, [])}
    if isinstance(value, list):
        return [pruned(one) for one in value]
    return value


def main():
    answers = []
    for line in sys.stdin:
        told = json.loads(line)
        try:
            made = pruned(event(told))
            answers.append({"ok": True, "same": made == pruned(told), "made": made})
        except Exception as error:  # noqa: BLE001 - whatever is wrong is the answer
            answers.append({"ok": False, "error": f"{type(error).__name__}: {error}"})
    print(json.dumps(answers))


main()
