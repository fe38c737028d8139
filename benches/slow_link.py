#!/usr/bin/env python3
"""A link that is slow: passes TCP on and delivers every byte later, as a far network does.

    python3 benches/slow_link.py LISTEN_PORT HOST:PORT ROUND_TRIP_MS

For machines without `tc netem`. It adds delay alone: no loss, no limit of the rate.
"""

import asyncio
import sys


async def carry(reader, writer, delay):
    """Reads at once and writes each piece `delay` seconds after it came."""
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue(maxsize=4096)

    async def deliver():
        while True:
            due, piece = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not piece:
                writer.close()
                return
            writer.write(piece)
            await writer.drain()

    task = asyncio.create_task(deliver())
    try:
        while True:
            piece = await reader.read(1 << 16)
            await queue.put((loop.time() + delay, piece))
            if not piece:
                break
    except ConnectionError:
        await queue.put((loop.time() + delay, b""))
    try:
        await task
    except ConnectionError:
        pass


async def main():
    port, target, round_trip = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    host, target_port = target.rsplit(":", 1)
    delay = round_trip / 2000

    async def attend(reader, writer):
        there, back = await asyncio.open_connection(host, int(target_port))
        await asyncio.gather(carry(reader, back, delay), carry(there, writer, delay))

    server = await asyncio.start_server(attend, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


asyncio.run(main())
