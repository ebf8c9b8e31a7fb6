"""Regular expressions that tell what a text looks like; the first two are read by Python and DuckDB alike.

Used by texts and alerts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SIGN = r"[+-]?\s?[$€£¥]?\s?"
NUMBER = (
    rf"{SIGN}([0-9]{{1,3}}([., '][0-9]{{3}})+([.,][0-9]+)?|[0-9]+([.,][0-9]+)?|[.,][0-9]+)"
    r"([eE][+-]?[0-9]{1,3})?\s?[%$€£¥]?"
)
MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
CLOCK = r"([ T]+[0-9]{1,2}:[0-9]{2}.*)?"
DATE = (
    rf"(?i)([0-9]{{4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}|[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.]([0-9]{{4}}|[0-9]{{2}})"
    rf"|[0-9]{{1,2}}[-. ]+{MONTH}[-, ]+[0-9]{{2,4}}|{MONTH} [0-9]{{1,2}},? +[0-9]{{4}}){CLOCK}"
)
SPACE = " \t\n\r\u00a0"

number = re.compile(NUMBER)
date = re.compile(DATE)

MISSING = frozenset(
    ("", "na", "n/a", "n.a.", "#n/a", "nan", "null", "none", "nil", "-", "--", "---", "?", "??", ".", "*", "missing",
     "unknown", "unbekannt", "undefined", "not available", "not applicable", "not provided", "no data", "k.a.", "tbd",
     "(blank)", "(null)", "<na>", "<null>", "nat", "#null!", "#div/0!", "#ref!", "#value!", "#name?", "-999", "-9999",
     "999", "9999", "-99")
)  # fmt: skip

DATE_FORMS: Mapping[str, re.Pattern[str]] = {
    "year first": re.compile(r"[0-9]{4}[-/.]"),
    "with dots": re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\."),
    "with slashes": re.compile(r"[0-9]{1,2}/[0-9]{1,2}/"),
    "with dashes": re.compile(r"[0-9]{1,2}-[0-9]{1,2}-"),
    "month by name": re.compile(rf"(?i)[0-9]{{0,2}}[-. ]*{MONTH}"),
}

PERSONAL: Mapping[str, re.Pattern[str]] = {
    "e-mail addresses": re.compile(r"[^@\s]{1,64}@[^@\s]+\.[A-Za-z]{2,}"),
    "payment card numbers": re.compile(r"[3-6][0-9]{3}([ -]?[0-9]{4}){2,3}[ -]?[0-9]{1,4}"),
    "bank accounts (IBAN)": re.compile(r"[A-Z]{2}[0-9]{2} ?([A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}"),
    "social security numbers": re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}"),
    "telephone numbers": re.compile(
        r"(\+[0-9]{1,3}[ ./-]?|\(0?[0-9]{2,5}\)[ ./-]?|0)([0-9]{2,5}[ ./-]){1,4}[0-9]{2,8}|\+[0-9]{9,14}"
    ),
    "IP addresses": re.compile(r"([0-9]{1,3}\.){3}[0-9]{1,3}"),
}  # fmt: skip
PERSONAL_NAMES: Mapping[str, re.Pattern[str]] = {
    "e-mail addresses": re.compile(r"(?i)e[-_ ]?mail"),
    "telephone numbers": re.compile(r"(?i)(tele)?phone|mobile|^tel$"),
    "social security numbers": re.compile(r"(?i)\bssn\b|social.?security|passport|tax.?id"),
    "names of people": re.compile(r"(?i)(first|last|sur|family|given|full|middle)[-_ ]?name"),
    "addresses": re.compile(r"(?i)street|home.?address|postal.?address"),
    "dates of birth": re.compile(r"(?i)birth.?(date|day)|date.?of.?birth|^dob$"),
}

BROKEN = re.compile(
    "\ufffd|Ã[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|Â[\u0080-\u00bf]|â€|ï»¿|&(amp|lt|gt|quot|#[0-9]+);"
)
FORMULA = re.compile(r"[=@][A-Za-z|(+]|[=+-].*(cmd|HYPERLINK|DDE|IMPORT|WEBSERVICE).*", re.DOTALL)
ROUNDED = re.compile(r"[0-9][.,][0-9]+[eE]\+[0-9]{1,2}")
STRUCTURED = re.compile(r"\s*(\{.*\}|\[.*\]|<[a-z].*>)\s*", re.DOTALL | re.IGNORECASE)
IDENTIFIER_NAME = re.compile(r"(^|.*[_\- .])(id|ids|uuid|guid|key|pk)$|.*[a-z](Id|ID|Key|Uuid)$", re.DOTALL)
IDENTIFIER_NAME_ANY = re.compile(
    r"^(id|uuid|guid|key|pk|index|unnamed: 0|row ?(number|id|nr))$", re.IGNORECASE
)
TRUTHS = frozenset(
    frozenset(pair)
    for pair in (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("on", "off"), ("0", "1"))
)
UUID = re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")


def is_identifier_name(name: str) -> bool:
    return bool(IDENTIFIER_NAME.fullmatch(name) or IDENTIFIER_NAME_ANY.fullmatch(name))
