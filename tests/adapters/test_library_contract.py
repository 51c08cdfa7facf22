"""The log keeps the eventsourcing library's own promises: its packaged test cases, run against ours."""

import sys
from collections.abc import Iterator
from typing import TypeVar
from unittest.mock import MagicMock, patch

import pytest

from tests.support.library_recorder import LogAsAggregateRecorder, LogAsApplicationRecorder, LogAsProcessRecorder

# The packaged cases import the library's cipher too, which wants a package that nothing of ours needs.
UNUSED = ("Crypto", "Crypto.Cipher", "Crypto.Cipher.AES", "Crypto.Cipher._mode_gcm")
with patch.dict(sys.modules, {name: MagicMock() for name in UNUSED}):
    from eventsourcing.tests import persistence

R = TypeVar("R", bound=LogAsAggregateRecorder)


class OnAFreshDatabase:
    @pytest.fixture(autouse=True)
    def _with_database(self, database: str) -> Iterator[None]:
        self.dsn = database
        self.opened: list[LogAsAggregateRecorder] = []
        yield
        for recorder in self.opened:
            recorder.close()

    def opening(self, recorder: type[R]) -> R:
        opened = recorder(self.dsn)
        self.opened.append(opened)
        return opened


class TestAsAggregateRecorder(OnAFreshDatabase, persistence.AggregateRecorderTestCase):
    def create_recorder(self) -> LogAsAggregateRecorder:
        return self.opening(LogAsAggregateRecorder)


class TestAsApplicationRecorder(OnAFreshDatabase, persistence.ApplicationRecorderTestCase[LogAsApplicationRecorder]):
    def create_recorder(self) -> LogAsApplicationRecorder:
        return self.opening(LogAsApplicationRecorder)


class TestAsTrackingRecorder(OnAFreshDatabase, persistence.TrackingRecorderTestCase):
    def create_recorder(self) -> LogAsProcessRecorder:
        return self.opening(LogAsProcessRecorder)


class TestAsProcessRecorder(OnAFreshDatabase, persistence.ProcessRecorderTestCase):
    def create_recorder(self) -> LogAsProcessRecorder:
        return self.opening(LogAsProcessRecorder)


class TestNonInterleavingPositions(OnAFreshDatabase, persistence.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> LogAsApplicationRecorder:
        return self.opening(LogAsApplicationRecorder)
