"""What objects do, one at a time: a state, and one step for each operation.

A model of one's own is a class with `step(state, op)`; everything else is optional. See `base.Model`.
"""

from __future__ import annotations

from importlib import import_module

from tautolog_checkers.linearizability.models.base import Model as Model
from tautolog_checkers.linearizability.models.base import ModelError as ModelError

MODELS = {
    "cas-register": "register:CasRegister",
    "register": "register:Register",
    "multi-register": "multi_register:MultiRegister",
    "mutex": "mutex:Mutex",
    "set": "collection:Set",
    "counter": "collection:Counter",
    "kv": "key_value:KeyValue",
    "queue": "queue:Queue",
    "stack": "queue:Stack",
    "log": "log:Log",
}
"""The names that `--model` knows."""


def load_model(name: str) -> Model:
    """A model by its name, or `MODULE:CLASS` for one's own.

    Raises:
        ModelError: there is none of this name, or it has no `step`.

    """
    if ":" not in name:
        if name not in MODELS:
            raise ModelError(f"no model {name!r}; there are {', '.join(MODELS)}, kafka, and MODULE:CLASS for your own")
        module_name, class_name = MODELS[name].split(":")
        module_name = f"{__name__}.{module_name}"
    else:
        module_name, class_name = name.split(":", 1)
    try:
        found = getattr(import_module(module_name), class_name)
        made = found() if isinstance(found, type) else found
    except Exception as error:  # somebody else's module may raise anything
        kind = "" if isinstance(error, ImportError | AttributeError | ValueError) else f"{type(error).__name__}: "
        raise ModelError(f"no model {name!r}: {kind}{error}") from error
    return adapt(made, name)


def adapt(model: object, name: str = "") -> Model:
    """Any object with a `step` as a model.

    Raises:
        ModelError: it has none.

    """
    if isinstance(model, Model):
        return model
    step = getattr(model, "step", None)
    if not callable(step):
        raise ModelError(f"a model needs a method step(state, op), and {name or model!r} has none")
    adapted = Model()
    adapted.name = getattr(model, "name", "") or name or type(model).__name__
    for attribute in (
        "initial",
        "step",
        "readonly",
        "blind",
        "observed",
        "partition",
        "decode",
        "unseen",
        "failed",
        "functions",
    ):
        if hasattr(model, attribute):
            setattr(adapted, attribute, getattr(model, attribute))
    return adapted


def is_ours(model: Model) -> bool:
    """Whether a model is one of those that have a name here, and not somebody else's."""
    return type(model).__module__.startswith(f"{__name__}.") and type(model) is not Model
