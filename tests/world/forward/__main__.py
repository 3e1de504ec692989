"""`python -m tests.world.forward FD=HOST:PORT …`: accept on inherited sockets and pass bytes on.

If nobody listens at the target, the caller's connection is closed without a byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Sequence

_CHUNK = 1 << 16

Target = tuple[int, str, int]
"""A listening descriptor, and the host and port that it leads to."""


def targets(words: Sequence[str]) -> list[Target]:
    """Read the command line. Raises ValueError with one sentence."""
    found = []
    for word in words:
        descriptor, _, address = word.partition("=")
        host, _, port = address.rpartition(":")
        if not (descriptor.isdecimal() and host and port.isdecimal()):
            raise ValueError(f"{word!r} is no target: write FD=HOST:PORT, such as 5=10.244.0.1:80")
        found.append((int(descriptor), host, int(port)))
    if not found:
        raise ValueError("there is no target: write FD=HOST:PORT for each")
    return found


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction; the end of it is passed on while the other direction goes on."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


async def _serve(descriptor: int, host: str, port: int) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward, back = await asyncio.open_connection(host, port)
        except OSError:
            writer.transport.abort()
            return
        try:
            await asyncio.gather(_pump(reader, back), _pump(onward, writer))
        except asyncio.CancelledError:
            pass  # the world ends, and its connections with it
        finally:
            for each in (back, writer):
                each.close()

    server = await asyncio.start_server(connected, sock=socket.socket(fileno=descriptor))
    await server.serve_forever()


async def main(found: Sequence[Target]) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    tasks = [asyncio.create_task(_serve(*each)) for each in found]
    ended = asyncio.create_task(stopped.wait())
    # A socket that cannot be served ends the process: half a world would only look like one.
    done, _ = await asyncio.wait([*tasks, ended], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    for one in done:
        one.result()


if __name__ == "__main__":
    try:
        asyncio.run(main(targets(sys.argv[1:])))
    except (ValueError, OSError) as error:
        sys.exit(f"forwarding cannot start: {error}")
