"""`python -m tests.world.forward FD=HOST:PORT …`: accept on inherited sockets and pass bytes on."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys

_CHUNK = 1 << 16


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
        finally:
            for each in (back, writer):
                each.close()

    server = await asyncio.start_server(connected, sock=socket.socket(fileno=descriptor))
    await server.serve_forever()


async def main(pairs: list[str]) -> None:
    """Serve until SIGTERM."""
    tasks = []
    for pair in pairs:
        descriptor, _, target = pair.partition("=")
        host, _, port = target.rpartition(":")
        tasks.append(asyncio.create_task(_serve(int(descriptor), host, int(port))))
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
