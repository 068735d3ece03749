"""The real Redis of a library, without a worker: what is asked for stays where it can be looked at."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

from desktop.jobs.queue import JobEvent
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.settings import external_redis
from desktop.supervisor.redis_server import RedisServer
from desktop.tasks.queue import CeleryQueue
from desktop.tasks.reconcile import Reconciliation
from desktop.tasks.redis_client import redis_client, redis_names


class NullEvents:
    """Hears every event and does nothing."""

    def emit(self, event: JobEvent) -> None: ...


class QueueOnlyLibrary:
    """A library whose messages nobody takes."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.redis = RedisServer(home)
        self.queue = CeleryQueue()
        self.store = JobStore(home)
        self.service = JobService(home, self.store, self.queue, NullEvents())
        self.reconciliation = Reconciliation(home, self.store, self.queue, NullEvents())

    def messages(self) -> list[dict[str, Any]]:
        """What waits, first to be taken first."""
        with redis_client() as client:
            return [json.loads(text) for text in reversed(client.lrange(redis_names().queue, 0, -1))]

    def message_ids(self) -> list[str]:
        """The identities of what waits, first to be taken first."""
        return [message["headers"]["id"] for message in self.messages()]

    def hold_next_message(self) -> str:
        """Have a worker hold the next message, as the transport notes it. Its identity."""
        with redis_client() as client:
            text = client.rpop(redis_names().queue)
            assert isinstance(text, str)
            tag = json.loads(text)["properties"]["delivery_tag"]
            client.hset(
                redis_names().unacked_options["unacked_key"],
                tag,
                json.dumps([json.loads(text), redis_names().queue, redis_names().queue]),
            )
            client.zadd(redis_names().unacked_options["unacked_index_key"], {tag: time()})
        return str(json.loads(text)["headers"]["id"])


@contextmanager
def queue_only_library(root: Path) -> Generator[QueueOnlyLibrary]:
    """A library with its Redis, or that of REDIS_HOST, for this process; ended with the context."""
    before = os.environ["UNBRAID_HOME"]
    os.environ["UNBRAID_HOME"] = str(root)
    library = QueueOnlyLibrary(Home(root).create_folders())
    try:
        if external_redis() is None:
            library.redis.start()
        yield library
    finally:
        library.redis.stop()
        os.environ["UNBRAID_HOME"] = before
