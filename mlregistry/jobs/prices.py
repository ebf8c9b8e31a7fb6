"""What the operator charges for jobs: settings.PRICES. Importable before Django is set up."""

from dataclasses import dataclass

from mlregistry import env

HOUR = 3600.0
EXAMPLE = "cpu_hour=0.04,gb_hour=0.005,gpu_hour=1.2,currency=EUR"


@dataclass(frozen=True)
class Prices:
    """For an hour of one processor, of one GiB of memory, of one GPU."""

    cpu_hour: float = 0.0
    gb_hour: float = 0.0
    gpu_hour: float = 0.0
    currency: str = ""

    @property
    def are_set(self) -> bool:
        return bool(self.cpu_hour or self.gb_hour or self.gpu_hour)

    def cost(self, *, cpu_seconds: float, gb_seconds: float, gpu_seconds: float) -> float:
        return (self.cpu_hour * cpu_seconds + self.gb_hour * gb_seconds + self.gpu_hour * gpu_seconds) / HOUR


def parse(text: str) -> Prices:
    """MLREGISTRY_PRICES; nothing costs anything when it is empty."""
    wanted: dict[str, str] = {}
    for entry in filter(None, (entry.strip() for entry in text.split(","))):
        name, _, value = entry.partition("=")
        wanted[name.strip()] = value.strip()
    currency = wanted.pop("currency", "")
    try:
        prices = {name: float(value) for name, value in wanted.items()}
        usable = all(0 <= price < 1e9 for price in prices.values()) and len(currency) <= 8
        return Prices(**prices, currency=currency) if usable else _refuse(text)
    except (TypeError, ValueError):
        return _refuse(text)


def _refuse(text: str) -> Prices:
    raise env.EnvironmentMistake(f"MLREGISTRY_PRICES must be like {EXAMPLE}, not {text!r}")
