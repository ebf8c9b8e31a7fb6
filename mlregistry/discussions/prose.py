"""Markdown of people as safe HTML in which links unfold, members are marked, and blocks of write-ups are drawn.

What is drawn stands in the text as a mark that nobody can guess while the HTML is cleaned, and is put in afterwards:
nothing of it goes through the cleaning, nothing of the text around it escapes it.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import nh3
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it.token import Token

from mlregistry.accounts.actor import Actor
from mlregistry.discussions import access, references
from mlregistry.discussions.nouns import Thing, handle_fits, nouns
from mlregistry.discussions.references import MENTION, TAIL, Place, Reading
from mlregistry.ui.templatetags.pages import PROSE

MOST_CARDS = 30
MOST_MENTIONS = 50
OPEN, CLOSE = "\ue000", "\ue001"
MARK = re.compile(f"{OPEN}([0-9a-f]{{16}}):([0-9]+){CLOSE}")
FENCE = "mlregistry"
Draw = Callable[[str, int], SafeString]
"""A block's text and its number to what is shown."""


@dataclass(frozen=True)
class Known:
    """What texts of one page link and mention, read once for all of them; `parsed` are those not shown yet."""

    reading: Reading
    cards: dict[Place, SafeString] = field(default_factory=dict)
    members: frozenset[str] = frozenset()
    parsed: dict[str, list[Token]] = field(default_factory=dict)


def known(texts: Iterable[str], *, hosts: Iterable[str] = (), by: Actor) -> Known:
    """At most two queries for each kind of thing and one for people, whatever the texts; 30 cards and 50 people."""
    parsed = {text: PROSE.parse(text) for text in texts}
    reading = Reading(by.team.slug, frozenset(host.lower() for host in hosts))
    wanted = list(
        dict.fromkeys(place for one in parsed.values() for place in references.places(one, reading))
    )
    named = dict.fromkeys(name for one in parsed.values() for name in references.mentioned(one))
    names = list(named)[: 2 * MOST_MENTIONS]
    people = access.members(by).filter(username__in=names).values_list("username", flat=True) if names else ()
    return Known(reading, _cards(wanted[:MOST_CARDS], by), frozenset(people), parsed)


def known_on(request: HttpRequest, texts: Iterable[str], by: Actor) -> Known:
    return known(texts, hosts=[request.get_host()], by=by)


def html(text: str, of: Known, *, draw: Draw | None = None) -> SafeString:
    """One text. Fenced blocks named mlregistry are drawn by `draw`, and shown as code without it."""
    tokens = of.parsed.pop(text, None) or PROSE.parse(text)  # once: marks are put into them
    drawn: list[SafeString] = []
    nonce = secrets.token_hex(8)

    def mark(shown: SafeString) -> str:
        drawn.append(shown)
        return f"{OPEN}{nonce}:{len(drawn) - 1}{CLOSE}"

    n_blocks = 0
    for token in tokens:
        if token.type == "inline" and token.children:
            token.children = _replaced(token.children, of, mark)
        elif draw is not None and token.type == "fence" and token.info.strip() == FENCE:
            block = mark(draw(token.content, n_blocks))
            token.type, token.content, n_blocks = "html_block", block, n_blocks + 1
    clean = nh3.clean(PROSE.renderer.render(tokens, PROSE.options, {}), tags=nh3.ALLOWED_TAGS - {"img"})
    # What stands between the marks is cleaned, what comes in their places was made by templates.
    return mark_safe(MARK.sub(lambda mark: drawn[int(mark[2])] if mark[1] == nonce else mark[0], clean))  # noqa: S308  # see above


def mentioned(text: str, by: Actor) -> list[str]:
    """The members of the team whom a text mentions."""
    names = references.mentioned(PROSE.parse(text))
    people = access.members(by).filter(username__in=names[: 2 * MOST_MENTIONS]) if names else ()
    return [user.username for user in people]


def _cards(wanted: Sequence[Place], by: Actor) -> dict[Place, SafeString]:
    """Of what the actor may see; the rest stays the text it was."""
    found: dict[Place, SafeString] = {}
    for kind in dict.fromkeys(kind for kind, _ in wanted):
        noun = nouns()[kind]
        handles = [handle for one, handle in wanted if one == kind and handle_fits(handle)]
        rows = noun.by_handles(noun.rows(by), handles) if handles else {}
        standings = noun.standings(list(rows.values())) if rows else {}
        for handle, row in rows.items():
            context = {"thing": Thing(noun, row), "standing": standings.get(row.pk)}
            found[kind, handle] = mark_safe(render_to_string("discussions/card.html", context).strip())  # noqa: S308  # made by our template
    return found


def _replaced(children: list[Token], of: Known, mark: Callable[[SafeString], str]) -> list[Token]:
    kept: list[Token] = []
    for start, end, token in references.spans(children):
        if start < 0:
            kept.append(token)
            continue
        if token.type == "text":
            token.content = _marked(token.content, of, mark)
            kept.append(token)
            continue
        place = references.of_address(str(token.attrs.get("href", "")), of.reading)
        card = of.cards.get(place) if place and _is_bare(children[start:end]) else None
        kept += children[start:end] if card is None else [_text(mark(card))]
    return kept


def _is_bare(link: list[Token]) -> bool:
    """Whether its text is its address: a link with words of its own stays as it was written."""
    words = "".join(token.content for token in link[1:-1])
    return words == str(link[0].attrs.get("href", ""))


def _marked(text: str, of: Known, mark: Callable[[SafeString], str]) -> str:
    parts, last = [], 0
    for place, (start, end) in references.in_text(text, of.reading):
        card = of.cards.get(place) if place else None
        if card is None and not text.startswith("http", start):
            continue
        parts.append(_with_people(text[last:start], of, mark))
        address = text[start:end]
        parts.append(
            mark(card or format_html('<a href="{}" rel="noopener noreferrer">{}</a>', address, address))
        )
        last = end
    return "".join([*parts, _with_people(text[last:], of, mark)])


def _with_people(text: str, of: Known, mark: Callable[[SafeString], str]) -> str:
    def person(match: re.Match[str]) -> str:
        for name in (match[1], match[1].rstrip(TAIL)):
            if name in of.members:
                shown = mark(format_html('<span class="mention">@{}</span>', name))
                return shown + match[1][len(name) :]
        return match[0]

    return MENTION.sub(person, text)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
