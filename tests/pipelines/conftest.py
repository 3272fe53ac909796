"""The default networks, checked, for tests that need one."""

from functools import partial

import pytest
from repose.pipelines.models import weights


@pytest.fixture(scope="session")
def weight_path(models):
    """A weight's id -> its path."""
    return partial(weights.find, folders=[models / "repose"])
