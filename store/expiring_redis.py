"""The expiring store in Redis 7, a single node or a Redis Cluster.

Each act is one command on one key, so that it is whole on whichever node keeps the key. Comparing and
replacing (`swap`), and counting within a period (`bump`), are short scripts that the node runs whole.
Values carry their end, and ours is the clock that judges it; Redis only forgets, by a time to live that the
node measures itself, so that a node's wrong clock shortens or lengthens nothing.

Outages: time limits are short, a broken connection is tried once more at once (the node was restarted), and
whatever fails after that is `Unavailable`. After a call that waited in vain the others of the next moment are
refused at once, so that a slow Redis holds no more than a few threads. Nothing is built at start, so a Redis
that comes later is found.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from redis import Redis
from redis.backoff import ConstantBackoff, NoBackoff
from redis.cluster import RedisCluster
from redis.exceptions import ConnectionError as BrokenConnection
from redis.exceptions import ReadOnlyError, RedisClusterException, RedisError
from redis.retry import Retry

from store.errors import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ExpiringRedis"]

T = TypeVar("T")

ANSWER_SECONDS = 0.5
"""A node of the same house answers within a millisecond; one that takes this long is as good as gone."""
QUIET_SECONDS = 0.25
"""How long nobody asks after one has waited in vain."""
_RESHARDED_RETRIES = 1
_RESHARDED_SECONDS = 0.05
_END_BYTES = 8

# KEYS[1]; ARGV: end and now of the caller's clock, seconds to live. Returns the count.
_BUMP = """
local ends = redis.call('HGET', KEYS[1], 'e')
if ends and tonumber(ends) > tonumber(ARGV[2]) then return redis.call('HINCRBY', KEYS[1], 'n', 1) end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'e', ARGV[1], 'n', 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1"""
# KEYS[1]; ARGV: the value to be found, the new one behind its end, now as 8 bytes, seconds to live.
_SWAP = """
local found = redis.call('GET', KEYS[1])
if not found or string.sub(found, 1, 8) <= ARGV[3] or string.sub(found, 9) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[4])
return 1"""


class ExpiringRedis:
    """See `Expiring`."""

    def __init__(self, url: str, clock: Callable[[], int], *, cluster: bool, prefix: str) -> None:
        """Keep values under `prefix`: in the node at `url`, or in the cluster that it belongs to."""
        self._url = url
        self._clock = clock
        self._cluster = cluster
        self._prefix = prefix
        self._client: Redis | RedisCluster | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._quiet_until = 0.0

    def put(self, key: str, value: bytes, ends: int) -> None:
        """See `Expiring`."""
        name, life = self._name("v", key), self._life(ends)
        self._ask(lambda redis: redis.set(name, _stamped(ends) + value, ex=life))

    def get(self, key: str) -> bytes | None:
        """See `Expiring`."""
        name = self._name("v", key)
        found: bytes | None = self._ask(lambda redis: redis.get(name))
        if found is None or found[:_END_BYTES] <= _stamped(self._clock()):
            return None
        return found[_END_BYTES:]

    def bump(self, key: str, ends: int) -> int:
        """See `Expiring`."""
        name, life, now = self._name("n", key), self._life(ends), self._clock()
        return int(self._ask(lambda redis: redis.eval(_BUMP, 1, name, ends, now, life)))

    def swap(self, key: str, old: bytes, new: bytes, ends: int) -> bool:
        """See `Expiring`."""
        name, life, now = self._name("v", key), self._life(ends), _stamped(self._clock())
        return bool(self._ask(lambda redis: redis.eval(_SWAP, 1, name, old, _stamped(ends) + new, now, life)))

    def close(self) -> None:
        """Let the connections go; later calls raise Unavailable."""
        self._closed = True
        self._drop(self._client)

    def _name(self, kind: str, key: str) -> str:
        return f"{self._prefix}:{kind}:{key}"

    def _life(self, ends: int) -> int:
        return max(ends - self._clock(), 1)

    def _ask(self, act: Callable[[Any], T]) -> T:
        client = None
        self._refuse_while_quiet()
        begun = time.monotonic()
        try:
            client = self._connected()
            return act(client)
        except (RedisError, RedisClusterException, OSError) as error:  # its text may quote a key
            if isinstance(error, RedisClusterException | ReadOnlyError):
                self._drop(client)  # the nodes have changed places: learn anew who keeps what
            if time.monotonic() - begun >= ANSWER_SECONDS:
                self._quiet_until = time.monotonic() + QUIET_SECONDS
            raise unavailable(f"redis: {type(error).__name__}") from error

    def _refuse_while_quiet(self) -> None:
        if time.monotonic() < self._quiet_until:
            raise unavailable("redis: did not answer a moment ago")

    def _connected(self) -> Redis | RedisCluster:
        if (client := self._client) is not None:
            return client
        if self._closed:
            raise unavailable("the store is closed")
        with self._lock:
            if self._client is None:
                self._refuse_while_quiet()  # whoever had the lock before waited in vain
                self._client = self._connect()
            return self._client

    def _connect(self) -> Redis | RedisCluster:
        limits: dict[str, Any] = {
            "socket_timeout": ANSWER_SECONDS,
            "socket_connect_timeout": ANSWER_SECONDS,
        }
        if self._cluster:
            backoff = ConstantBackoff(_RESHARDED_SECONDS)
            client = RedisCluster.from_url(self._url, retry=Retry(backoff, _RESHARDED_RETRIES), **limits)
            client.nodes_manager.initialize = _one_at_a_time(client.nodes_manager.initialize)  # type: ignore[method-assign]
            return client
        return Redis.from_url(self._url, retry=Retry(NoBackoff(), 1, (BrokenConnection,)), **limits)

    def _drop(self, client: Redis | RedisCluster | None) -> None:
        with self._lock:
            if client is not None and self._client is client:
                self._client = None
        if client is not None:
            client.close()


def _one_at_a_time(learn: Callable[..., None]) -> Callable[..., None]:
    """Let one thread learn the cluster's layout anew, now and then.

    redis-py does it at every broken or late answer, and lets the others wait for their turn to do the same:
    with three slow nodes ten threads would be held for a quarter of a minute.
    """
    turn, learnt = threading.Lock(), [0.0]

    def learn_alone(*given: Any, **named: Any) -> None:
        if not turn.acquire(blocking=False):
            return
        try:
            if time.monotonic() - learnt[0] >= QUIET_SECONDS:
                learn(*given, **named)
        finally:
            learnt[0] = time.monotonic()
            turn.release()

    return learn_alone


def _stamped(ends: int) -> bytes:
    return max(ends, 0).to_bytes(_END_BYTES, "big")
