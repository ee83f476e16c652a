"""The models, each a module with an essay, its text and its `MODEL`. They are loaded by name."""

from __future__ import annotations

from importlib import import_module

from tautolog_spec.language import LanguageError, Model

MODULES = {
    "kip-320": "kip_320",
    "replication": "replication",
    "replication-async": "replication_async",
    "replication-elr": "replication_elr",
    "replication-consumer": "replication_consumer",
    "quorum": "quorum",
    "quorum-disks": "quorum_disks",
    "quorum-voters": "quorum_voters",
    "idempotence": "idempotence",
    "transactions": "transactions",
    "transactions-1": "transactions_1",
    "groups": "groups",
    "groups-848": "groups_848",
    "share": "share",
    "delivery": "delivery",
}
"""Name of a model, as commands call it -> its module."""


def load(name: str) -> Model:
    """The model of that name, with every fix undecided."""
    if name not in MODULES:
        raise LanguageError(f"there is no model {name}; there are {', '.join(MODULES)}")
    model: Model = import_module(f"tautolog_spec.models.{MODULES[name]}").MODEL
    return model
