"""The language of the models: sorts, relations, actions and invariants, as data. It says; engines elsewhere compute.

Replica, Epoch = Sort("Replica"), Sort("Epoch", ordered=True)
at = relation("at", Replica, Epoch, meaning="the replica's current epoch")

@action(Replica, Epoch)
def enter(replica: Variable, epoch: Variable) -> Step:
    '''The replica moves on to a later epoch.'''
    return Step(
        requires=(forall(Epoch, lambda e: at(replica, e) >> (e < epoch)),),
        updates=(at.replace(replica, epoch),),
    )
"""

from tautolog_spec.language.formulas import FALSE as FALSE
from tautolog_spec.language.formulas import TRUE as TRUE
from tautolog_spec.language.formulas import Formula as Formula
from tautolog_spec.language.formulas import LanguageError as LanguageError
from tautolog_spec.language.formulas import Sort as Sort
from tautolog_spec.language.formulas import Variable as Variable
from tautolog_spec.language.formulas import both as both
from tautolog_spec.language.formulas import either as either
from tautolog_spec.language.formulas import exists as exists
from tautolog_spec.language.formulas import forall as forall
from tautolog_spec.language.formulas import when as when
from tautolog_spec.language.models import Action as Action
from tautolog_spec.language.models import Bound as Bound
from tautolog_spec.language.models import Configuration as Configuration
from tautolog_spec.language.models import Invariant as Invariant
from tautolog_spec.language.models import Liveness as Liveness
from tautolog_spec.language.models import Model as Model
from tautolog_spec.language.models import Sometimes as Sometimes
from tautolog_spec.language.models import Step as Step
from tautolog_spec.language.models import action as action
from tautolog_spec.language.models import auxiliary as auxiliary
from tautolog_spec.language.models import safety as safety
from tautolog_spec.language.relations import Relation as Relation
from tautolog_spec.language.relations import Update as Update
from tautolog_spec.language.relations import choice as choice
from tautolog_spec.language.relations import ghost as ghost
from tautolog_spec.language.relations import only_with as only_with
from tautolog_spec.language.relations import only_without as only_without
from tautolog_spec.language.relations import relation as relation
from tautolog_spec.language.relations import rigid as rigid
