"""`leadledger up`: the database and all our processes in one command, which keeps them alive and stops them."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from adapters.postgres_binaries import make_folder
from adapters.postgres_folder import Folder
from services.example.story import Story
from services.outside import NotToBeSent, open_outside
from services.running import Running, leave_note, read_note, take_note_back
from services.settings import Settings
from services.up.children import Child
from services.up.database import Database, keep, open_database
from services.up.first_start import FirstKey, draw_vault_key, first_keys, move_in
from services.up.greeting import greeting
from services.up.logs import LogFile
from services.wiring import open_office

READY_WITHIN_SECONDS = 60.0
CAUGHT_UP_WITHIN_SECONDS = 15.0
MOST_BYTES = 100_000
ABOUT_CALLBACKS = ("LEADLEDGER_SMS_TOKEN", "LEADLEDGER_PUBLIC_URL")
ABOUT_NOTICES = tuple(
    f"LEADLEDGER_{what}" for what in ("SMTP_", "MAIL_", "SMS_", "PUBLIC_", "TEMPLATES", "EMAILS_", "TEXTS_")
)
FORMER_API_LEAVES_WITHIN_SECONDS = 5.0


class UpTrouble(Exception):
    """The product cannot be started; the message says what to do."""


def run_until_stopped(settings: Settings, *, example: bool) -> None:
    """Run until Ctrl-C. Raises UpTrouble and what the database and the vault raise."""
    asyncio.run(Up(settings, example=example).run())


def say(line: str) -> None:
    """Talk on stderr; stdout is for the greeting."""
    print(line, file=sys.stderr, flush=True)


class Up:
    """One run of the product."""

    def __init__(self, settings: Settings, *, example: bool) -> None:
        self._settings = settings
        self._example = example
        self._children: list[Child] = []
        self._asked_to_stop = 0

    async def run(self) -> None:
        """Start everything in order, keep it alive, and stop it in order when asked."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - we run in one
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(sign, self._stop, task)
        try:
            async with AsyncExitStack() as stack:
                await self._run(stack)
        except asyncio.CancelledError:
            if not self._asked_to_stop:
                raise
            task.uncancel()
            say("Stopped.")

    def _stop(self, task: asyncio.Task[None]) -> None:
        self._asked_to_stop += 1
        if self._asked_to_stop == 1:
            say("\nStopping; once more to stop at once.")
            task.cancel()
            return
        # The embedded server ends with us, and recovers at the next start.
        for child in self._children:
            child.kill()
        os._exit(130)

    async def _run(self, stack: AsyncExitStack) -> None:
        await _notices_can_be_sent(self._settings)
        home = _home(self._settings)
        stack.enter_context(_alone_in(home, self._settings))
        port = _free_port(self._settings.host, self._settings.port, former=(home / "running.json").exists())
        url = f"http://{self._settings.host}:{port}"
        if self._settings.dsn is None:
            say(f"Starting Leadledger; its data is in {home}")
        else:
            say(f"Starting Leadledger on the database that LEADLEDGER_DSN names; keys and logs are in {home}")
        database = await stack.enter_async_context(open_database(self._settings))
        draw_vault_key(self._settings, database, say)
        keys, story = await self._move_in(home, database)
        note = Running(os.getpid(), url, database.dsn, database.projector_dsn, str(self._settings.vault_key))
        leave_note(home, note)
        stack.callback(take_note_back, home)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        await stack.enter_async_context(self._processes(group, home, database, port))
        watch = group.create_task(keep(database, home, say))
        stack.callback(watch.cancel)
        await _until_ready(url)
        for child in self._children:
            child.ready = True
        print(greeting(url, keys, home / "first-keys.json", story), flush=True)
        await asyncio.Event().wait()

    async def _move_in(self, home: Path, database: Database) -> tuple[list[FirstKey], Story | None]:
        settings = self._settings.model_copy(update={"dsn": database.dsn})
        async with open_office(settings) as office:
            story = await move_in(office, home, say) if self._example else None
            return await first_keys(office, home, example=story is not None), story

    @asynccontextmanager
    async def _processes(
        self, group: asyncio.TaskGroup, home: Path, database: Database, port: int
    ) -> AsyncIterator[None]:
        """Start them all, and stop in the other order, so that nobody is answered by half a product."""
        logs = home / "logs"
        make_folder(logs, 0o700)
        mine = {
            "LEADLEDGER_HOME": str(home),
            "LEADLEDGER_LOG_LEVEL": self._settings.log_level,
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
        }
        particulars = {
            "projector": {"LEADLEDGER_PROJECTOR_DSN": database.projector_dsn},
            "api": {
                "LEADLEDGER_DSN": database.dsn,
                "LEADLEDGER_VAULT_KEY_FILE": str(self._settings.vault_key),
                "LEADLEDGER_HOST": self._settings.host,
                "LEADLEDGER_PORT": str(port),
                "LEADLEDGER_WORKERS": str(self._settings.workers),
                **_told_of(ABOUT_CALLBACKS),
            },
            "timekeeper": {
                "LEADLEDGER_DSN": database.dsn,
                "LEADLEDGER_VAULT_KEY_FILE": str(self._settings.vault_key),
            },
        }
        if self._settings.sends_notices:
            # What a letter links to, and where the gateway tells what became of a text: both know the same address.
            url = {"LEADLEDGER_PUBLIC_URL": self._settings.public_url or f"http://{self._settings.host}:{port}"}
            particulars["api"] |= url
            particulars["notifier"] = {**particulars["timekeeper"], **_told_of(ABOUT_NOTICES), **url}
        keeping = []
        for name, particular in particulars.items():
            log = LogFile(logs / f"{name}.log", _shower(name))
            child = Child(name, {**_inherited(), **mine, **particular}, log, say)
            self._children.append(child)
            keeping.append(group.create_task(child.keep()))
        try:
            yield
        finally:
            for task in keeping:
                task.cancel()
            for child in reversed(self._children):
                await child.stop()


async def _notices_can_be_sent(settings: Settings) -> None:
    """Nothing is connected to yet. Raises UpTrouble where the notifier could not even begin."""
    try:
        async with open_outside(settings):
            pass
    except NotToBeSent as wrong:
        raise UpTrouble(f"{wrong} See docs/notices.md.") from None


def _home(settings: Settings) -> Path:
    """The folder, made if it is not there. Raises UpTrouble where it is not ours to write."""
    home = settings.home
    try:
        if settings.dsn is None:
            Folder.open(home)
        else:
            make_folder(home, 0o700)
        os.close(_open_lock(home))
    except OSError as refused:
        raise UpTrouble(
            f"{home} cannot hold Leadledger's data ({refused.strerror}). Name a folder of yours: "
            "LEADLEDGER_HOME=FOLDER ./leadledger up"
        ) from None
    return home


def _open_lock(home: Path) -> int:
    return os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


@contextmanager
def _alone_in(home: Path, settings: Settings) -> Iterator[None]:
    """One home, one product. Raises UpTrouble."""
    lock = _open_lock(home)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = read_note(home)
            where = f"at {running.url}, process {running.pid}" if running else "and is just starting or stopping"
            raise UpTrouble(
                f"Leadledger runs already on {home}, {where}. Use that one, or stop it (Ctrl-C in its terminal), or "
                "start another with a folder and a port of its own: "
                f"LEADLEDGER_HOME=FOLDER ./leadledger up --port {settings.port + 1}"
            ) from None
        yield
    finally:
        os.close(lock)


def _free_port(host: str, port: int, *, former: bool) -> int:
    """The port, if nobody listens there; an API that lost its parent to a kill -9 is on its way out. Raises
    UpTrouble."""
    give_up_at = time.monotonic() + (FORMER_API_LEAVES_WITHIN_SECONDS if former else 0.0)
    while True:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as taken:
                if time.monotonic() > give_up_at:
                    raise UpTrouble(
                        f"Port {port} on {host} cannot be used ({taken.strerror}). {_advice(taken, host, port)}"
                    ) from None
            else:
                return int(probe.getsockname()[1])
        time.sleep(0.05)


def _advice(refused: OSError, host: str, port: int) -> str:
    if refused.errno == errno.EADDRINUSE:
        return f"Another program listens there; choose another port: ./leadledger up --port {port % 65_000 + 1}"
    if refused.errno == errno.EACCES:
        return f"Ports below 1024 are for root; choose another one: ./leadledger up --port {port + 8000}"
    return f"Is {host} an address of this machine? Leave --host out to listen on 127.0.0.1."


def _told_of(settings: tuple[str, ...]) -> dict[str, str]:
    """What was set of these; each process is told what it needs to know and no more."""
    return {name: value for name, value in os.environ.items() if name.startswith(settings)}


def _inherited() -> dict[str, str]:
    """Our surroundings without what is only ours: who owns the database, and every other setting of the product."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LEADLEDGER_", "PG"))}


def _shower(name: str) -> Callable[[str], None]:
    return lambda line: say(f"{name}: {line}")


async def _until_ready(url: str) -> None:
    """Ask until the API answers and the read models know all of the log, or nearly. Raises UpTrouble."""
    began = time.monotonic()
    said = "nothing"
    while (waited := time.monotonic() - began) < READY_WITHIN_SECONDS:
        status, said = await asyncio.to_thread(_ask, f"{url}/ready")
        if status == 200:
            behind = max((int(one["lag_events"]) for one in json.loads(said)["projections"]), default=0)
            if behind == 0:
                return
            if waited > CAUGHT_UP_WITHIN_SECONDS:
                say(f"The read models are {behind:,} events behind and catching up; answers lack those until then.")
                return
        await asyncio.sleep(0.05)
    raise UpTrouble(f"Leadledger was not ready after {READY_WITHIN_SECONDS:.0f} s; {url}/ready says: {said}")


def _ask(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:  # noqa: S310 - our own address
            return answer.status, answer.read(MOST_BYTES).decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read(MOST_BYTES).decode(errors="replace")
    except OSError as gone:
        return 0, str(gone)
