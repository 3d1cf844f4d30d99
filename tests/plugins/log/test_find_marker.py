"""The log keeps the promises of every marker, and knows an answer again that it recorded."""

from __future__ import annotations

import pytest
from tests.depth import scaled
from tests.plugins.log.logs import log_of

from chopmark import Content, Message
from chopmark.testing import MarkerContract, sample_record
from chopmark_log._find_marker import LogMarker
from chopmark_log._folder import LogFolder

ANSWER = "The harbour of the old town was built of grey stone, and the ships went out at noon."


class TestLogMarker(MarkerContract):
    examples = scaled(25)

    @pytest.fixture(scope="class")
    @classmethod
    def marker(cls, tmp_path_factory: pytest.TempPathFactory) -> LogMarker:
        folder = LogFolder(tmp_path_factory.mktemp("marker") / "log")
        log = log_of(folder)
        asked = Message(role="user", text="What of the harbour?")
        log.append_with(sample_record(), Content(messages=(asked,), answer=ANSWER, user="anna"))
        log.close()
        return LogMarker(folder)

    def test_an_answer_that_was_recorded_is_known_again(self, marker: LogMarker) -> None:
        [mark] = marker.detect(ANSWER)
        assert (mark.kind, mark.data["state"]) == ("record", "identical")
