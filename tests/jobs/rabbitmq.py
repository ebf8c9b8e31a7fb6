"""A real RabbitMQ with a node, folders and ports of its own, for tests."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from mlregistry.supervisor.leash import leashed
from tests.servers import free_port

FOLDER = Path("/usr/lib/rabbitmq/bin")  # Debian's command in /usr/sbin changes the account


def is_installed() -> bool:
    return (FOLDER / "rabbitmq-server").exists()


class RabbitMQ:
    """Started and stopped as often as a test likes; its queues are kept on disk between."""

    def __init__(self, folder: Path) -> None:
        self.port, self.epmd_port = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "output"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"tests{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        }
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text("disk_free_limit.absolute = 50MB\n")

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(FOLDER / "rabbitmq-server")],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=leashed(signal.SIGKILL),
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(0.1)

    def kill(self) -> None:
        """As when its machine goes."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def stop(self) -> None:
        """The node, and the port mapper that Erlang left in the background."""
        self.kill()
        command = shutil.which("epmd")
        if command is not None:
            subprocess.run([command, "-port", str(self.epmd_port), "-kill"], capture_output=True, timeout=10)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(b"AMQP\x00\x00\x09\x01")
                return len(line.recv(8)) > 0
        except OSError:
            return False
