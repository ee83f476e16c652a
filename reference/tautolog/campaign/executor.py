"""Many seeds, on one core or several. Results come in the order of the seeds, whoever was faster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from tautolog.campaign.profiles import PROFILES
from tautolog.campaign.run import Result, run_seed
from tautolog.sim.server import Fsync


def _one(seed: int, profile: str, fsync: str) -> Result:
    return run_seed(seed, PROFILES[profile], Fsync(fsync))


def run_seeds(seeds: Sequence[int], profile: str, fsync: str, jobs: int = 1) -> Iterator[Result]:
    """Run every seed; with several `jobs` in as many fresh processes, which share nothing with this one."""
    one = partial(_one, profile=profile, fsync=fsync)
    if jobs == 1 or len(seeds) == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(min(jobs, len(seeds)), mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(one, seeds, chunksize=1)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
