"""The demo as a process: how it starts, refuses and stops. Needs no browser."""

import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from pydantic import SecretStr

from sandbox.demo import DemoSettings
from sandbox.demo_browser import ROOT, Demo

START_TIMEOUT_S = 30


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo makes its temporary folder."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def refused(*options: str) -> tuple[int, str]:
    """Exit code and words of a demo that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--no-browser", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_TIMEOUT_S,
    )
    assert "http://" not in done.stdout
    return done.returncode, done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_without_a_trace(temporary: Path, number: signal.Signals) -> None:
    demo = Demo()
    assert len(list(temporary.iterdir())) == 1

    assert demo.stop(number) == (0, "")
    assert list(temporary.iterdir()) == []


def test_a_data_folder_is_kept(tmp_path: Path, temporary: Path) -> None:
    folder = tmp_path / "kept"
    demo = Demo("--data", str(folder))
    assert demo.stop() == (0, "")

    assert (folder / "encore.db").is_file()
    assert list(temporary.iterdir()) == []


def test_two_demos_do_not_share_a_data_folder(tmp_path: Path) -> None:
    demo = Demo("--data", str(tmp_path))
    try:
        code, said = refused("--data", str(tmp_path))
    finally:
        demo.stop()
    assert (code, said) == (1, "demo: another process is running on this database\n")


def test_a_taken_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused("--port", str(port)) == (1, f"demo: preview could not bind port {port}\n")


@pytest.mark.parametrize("options", [("--nonsense",), ("--port", "x"), ("--speed", "0"), ("extra",)])
def test_a_wrong_option_is_one_line(options: tuple[str, ...]) -> None:
    code, said = refused(*options)

    assert code == 2
    assert said.startswith("demo: ")
    assert said.count("\n") == 1


def test_a_data_folder_that_can_not_be_made_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    code, said = refused("--data", str(file / "folder"))

    assert code == 1
    assert said.startswith("demo: ")
    assert said.count("\n") == 1


def test_real_settings_stay_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"DISCORD_TOKEN": "real", "TOKENLAB_API_KEY": "real", "TOKENLAB_MODEL": "other"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("TOKENLAB_VERSION=chirp-v3\nPOLL_INTERVAL_S=50\n", encoding="utf-8")

    settings = DemoSettings(discord_token=SecretStr("demo"), tokenlab_api_key=SecretStr("demo"))

    assert settings.discord_token.get_secret_value() == "demo"
    assert (settings.tokenlab_model, settings.tokenlab_version) == ("suno-music", "chirp-v4")
    assert settings.poll_interval_s == 5


def test_a_database_of_the_shell_is_not_touched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'real.db'}")
    monkeypatch.setenv("MEDIA_DIR", str(tmp_path / "media"))

    assert Demo().stop() == (0, "")

    assert [path.name for path in tmp_path.iterdir()] == ["temporary"]
