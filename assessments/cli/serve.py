"""The web: `onward serve`."""

import asyncio
import contextlib
import secrets
import signal
import socket
import sys
from urllib.parse import urlsplit

import rich_click as click

from assessments.cli.door import main, run
from registry import access, database, journal, law, settings
from registry.errors import Misused
from registry.law import verified
from registry.vocabulary import DEMO_NOTICE

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port.")
def serve(host: str, port: int) -> None:
    """Serve the pages. A demo is served on the loopback alone, its people's passwords told here."""
    if host not in LOOPBACK and settings.url() is None:
        raise Misused("--host: set ONWARD_URL to the address that people will use before listening beyond the loopback")
    if not settings.https() and urlsplit(settings.url() or "http://localhost").hostname not in LOOPBACK:
        raise Misused("ONWARD_URL: begin it with https://: beyond this machine passwords would travel open to all")

    import uvicorn  # what serves is loaded where it serves: no other command waits for it

    from assessments import app
    from assessments.schedule import clockwork

    settings.checkpoint_every()  # what cannot be read is told before anything is served
    verified.facts(law.load())

    listener = _listening(host, port)  # before anything is changed or said: somebody else may have the port

    async def served() -> None:
        async with database.opened(create=True):
            async with database.transaction() as at:
                fresh = await journal.newest(at) == 0
                demo = not fresh and await journal.is_demo(at)
            if demo and host not in LOOPBACK:
                raise Misused("--host: a demo is served on the loopback alone")
            if fresh:
                await journal.open_register("cli:serve")
            if demo:
                await tell_demo_people()
            config = uvicorn.Config(
                await app.made(port),
                host=host,
                port=port,
                log_level="warning",
                server_header=False,
                proxy_headers=settings.proxies() is not None,
                forwarded_allow_ips=settings.proxies() or "",
            )
            click.echo(f"Onward is at {settings.url() or f'http://{host}:{port}'} (Ctrl-C stops it)")
            clock = clockwork()
            clock.start()
            try:
                with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
                    await uvicorn.Server(config).serve(sockets=[listener])
            finally:
                clock.shutdown(wait=False)

    signal.signal(signal.SIGTERM, _stopped)  # uvicorn hands it on when it has closed: the embedded server is left as well
    run(served())


def _listening(host: str, port: int) -> socket.socket:
    """The socket on which pages are asked for. Raises Misused where there can be none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise Misused(f"--port: nothing can listen on {host}:{port} ({reason}): end what does, or name another port") from error


def _stopped(*_: object) -> None:
    sys.exit(0)


async def tell_demo_people() -> None:
    """A demo's people get new random passwords at each start; they are told here and kept as hashes alone."""
    async with database.transaction() as at:
        rows = await at.fetch(
            """select distinct on (key) key, name, email, role from person
            where name is not null and until is null order by key, id desc"""
        )
    click.echo(f"{DEMO_NOTICE}.\nThe demo's people:")
    for key, name, email, role in rows:
        password = secrets.token_urlsafe(9)
        await access.set_password(key, password)
        click.echo(f"  {role:<12} {email:<34} {password}   ({name})")
