"""Whether it was so: judges over histories, ours or anybody's; they know nothing of the code that made them.

from tautolog_checkers import check_history
verdict = check_history(events)          # events: mappings with index, process, type, f and value
verdict.outcome, verdict.anomalies, verdict.reason
"""

from tautolog_checkers.judge import check_history as check_history
from tautolog_checkers.verdict import Outcome as Outcome
from tautolog_checkers.verdict import Verdict as Verdict
