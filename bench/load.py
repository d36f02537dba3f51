"""Latency and throughput of a running server; compare two builds in turns within one run.

    make bench ARGS='--port 8000 --clients 100 --requests 5000'

Prints a line an operation: requests a second, and latency at three percentiles in milliseconds.
Speaks HTTP over bare sockets: a client library would be slower than the server that it measures.
"""

import argparse
import asyncio
import json
import re
import statistics
import time

OWNER = 4_000_000_000
TASKS = f"/api/{OWNER}/tasks"
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def request(method: str, path: str, body: object = None) -> bytes:
    """The bytes of a request on a connection that stays open."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


async def exchange(connection: Connection, message: bytes) -> bytes:
    """The body of the answer; raises RuntimeError for one that is no success."""
    reader, writer = connection
    writer.write(message)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 2"):
        raise RuntimeError(head.decode())
    length = _LENGTH.search(head)
    return await reader.readexactly(int(length[1])) if length else b""


async def measure(name: str, message: bytes, connections: list[Connection], requests: int) -> None:
    """Send one request over and over on all connections, and print what they saw."""
    spent: list[float] = []
    left = iter(range(requests))

    async def work(connection: Connection) -> None:
        for _ in left:
            started = time.perf_counter()
            await exchange(connection, message)
            spent.append((time.perf_counter() - started) * 1000)

    started = time.perf_counter()
    await asyncio.gather(*map(work, connections))
    rate = requests / (time.perf_counter() - started)
    cuts = statistics.quantiles(spent, n=100)
    latency = "   ".join(f"p{percent} {cuts[percent - 1]:7.1f}" for percent in (50, 95, 99))
    print(f"{name:8} {rate:8.0f}/s   {latency}")


async def main(port: int, clients: int, requests: int) -> None:
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(clients)]
    create = request("POST", TASKS, {"title": "Buy milk"})
    one = f"{TASKS}/{json.loads(await exchange(connections[0], create))['id']}"
    for name, message in {
        "create": create,
        "read": request("GET", one),
        "list 50": request("GET", f"{TASKS}?limit=50"),
        "patch": request("PATCH", one, {"order": 1}),
    }.items():
        await measure(name, message, connections, requests)
    for _, writer in connections:
        writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--requests", type=int, default=5000)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.port, arguments.clients, arguments.requests))
