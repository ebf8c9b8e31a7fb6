// Comments: sent without leaving the page, new ones appear while the tab is visible, names complete after an @.
"use strict";
(() => {
  const EVERY = 5000, PATIENCE = 8;
  const parse = (text) => new DOMParser().parseFromString(text, "text/html");

  // What is being written survives the exchange of the part: text, place of the caret, open boxes.
  function kept(section, without) {
    const texts = [...section.querySelectorAll("textarea")].filter((area) => !without?.contains(area) && area.value !== area.defaultValue)
      .map((area) => [area.id, area.value]);
    const open = [...section.querySelectorAll("details[open][id]")].filter((box) => !without || !box.contains(without) || box.matches(".thread details:has(.thread)")).map((box) => box.id);
    const active = document.activeElement, inside = section.contains(active) && active.id && !without?.contains(active);
    return { texts, open, active: inside ? [active.id, active.selectionStart, active.selectionEnd] : null };
  }
  function put(section, former) {
    for (const id of former.open) { const box = document.getElementById(id); if (box) box.open = true; }
    for (const [id, value] of former.texts) { const area = document.getElementById(id); if (area) area.value = value; }
    if (!former.active) return;
    const [id, start, end] = former.active, element = document.getElementById(id);
    element?.focus({ preventScroll: true });
    if (element?.setSelectionRange && start !== undefined && start !== null) element.setSelectionRange(start, end);
  }
  function swap(section, text, without) {
    const fresh = parse(text).querySelector("[data-discussion]");
    if (!fresh) return null;
    const former = kept(section, without);
    const known = new Set([...section.querySelectorAll(".comment")].map((one) => one.id));
    const place = document.adoptNode(fresh);
    section.replaceWith(place);
    put(place, former);
    const n = [...place.querySelectorAll(".comment")].filter((one) => !known.has(one.id)).length;
    if (n && !without) place.querySelector("[data-said]").textContent = n === 1 ? "One new comment" : `${n} new comments`;
    return place;
  }

  function complain(form, text) {
    form.querySelector("[data-complaint]")?.remove();
    const shown = document.createElement("p");
    shown.className = "notice error"; shown.dataset.complaint = ""; shown.setAttribute("role", "alert"); shown.textContent = text;
    form.append(shown);
  }
  document.addEventListener("submit", async (event) => {
    const form = event.target, section = form.closest("[data-discussion]");
    if (!section || event.defaultPrevented) return;
    event.preventDefault();
    const button = event.submitter, body = new FormData(form, button?.name ? button : undefined);
    if (button) button.disabled = true;
    try {
      const response = await fetch(form.action, { method: "POST", body, headers: { "X-Part": "1" } });
      const text = await response.text(), notice = parse(text).querySelector("main > .notice.error, .empty h1, main h1");
      if (response.redirected || !response.ok) { complain(form, notice ? notice.textContent.trim() : `The server refused it (${response.status}).`); if (button) button.disabled = false; return; }
      const fresh = swap(section, text, form);
      if (fresh && form.matches(".write")) fresh.querySelector("#f-comment")?.focus({ preventScroll: true });
      else if (fresh && button?.name === "to") fresh.querySelector(`[action="${form.getAttribute("action")}"] button`)?.focus({ preventScroll: true });
    } catch { complain(form, "The connection broke. What you wrote is still here; try again."); if (button) button.disabled = false; }
  });

  // An address names a comment whose thread is too old for this page: the page that has it.
  const sought = location.hash.match(/^#comment-([0-9]+)$/), elsewhere = document.querySelector("[data-threads]");
  if (sought && elsewhere && !document.getElementById(sought[0].slice(1))) location.replace(`${elsewhere.dataset.threads}?from=${sought[1]}${sought[0]}`);

  // Polls rest while the tab is hidden, and slow down while the server does not answer.
  let failures = 0, next = 0;
  async function look() {
    clearTimeout(next);
    const section = document.querySelector("[data-discussion]");
    if (!section) return;
    if (!document.hidden) {
      try {
        const response = await fetch(section.dataset.discussion, { headers: { "X-Part": "1", "If-None-Match": `"${section.dataset.state}"` }, cache: "no-store" });
        if (response.status === 200 && !response.redirected) swap(section, await response.text());
        if (response.redirected || response.status === 404) return;
        failures = 0;
      } catch { failures += 1; }
    }
    next = setTimeout(look, EVERY * Math.min(2 ** failures, PATIENCE));
  }
  if (document.querySelector("[data-discussion]")) next = setTimeout(look, EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });

  // Completion of names: a list under the text, moved through by arrows, taken by Enter or Tab, left by Escape.
  let list = null, asked = 0;
  const word = (area) => area.value.slice(0, area.selectionStart).match(/(?:^|[^\w@./+-])@([\w.+-]{0,60})$/);
  function close() { if (list) { for (const name of ["aria-activedescendant", "aria-controls"]) list.area.removeAttribute(name); list.box.remove(); list = null; } }
  function choose(index) {
    list.index = (index + list.box.children.length) % list.box.children.length;
    [...list.box.children].forEach((one, i) => one.setAttribute("aria-selected", String(i === list.index)));
    list.area.setAttribute("aria-activedescendant", list.box.children[list.index].id);
  }
  function take(name) {
    const { area } = list, found = word(area);
    if (found) {
      const start = area.selectionStart - found[1].length;
      area.setRangeText(`${name} `, start, area.selectionStart, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    close(); area.focus();
  }
  function offer(area, people) {
    close();
    if (!people.length) return;
    const box = document.createElement("ul");
    box.className = "offered"; box.id = `${area.id}-offered`; box.setAttribute("role", "listbox"); box.setAttribute("aria-label", "Members");
    people.forEach((one, i) => {
      const item = document.createElement("li");
      item.id = `${box.id}-${i}`; item.setAttribute("role", "option"); item.dataset.name = one.username;
      const strong = document.createElement("b"); strong.textContent = `@${one.username}`; item.append(strong);
      if (one.name) item.append(` ${one.name}`);
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(one.username); });
      box.append(item);
    });
    area.after(box);
    box.style.top = `${area.offsetTop + area.offsetHeight + 4}px`;
    area.setAttribute("aria-controls", box.id); area.setAttribute("aria-autocomplete", "list");
    list = { area, box, index: 0 };
    choose(0);
  }
  document.addEventListener("input", async (event) => {
    const area = event.target;
    if (!area.matches?.("textarea[data-mentions]")) return;
    const found = word(area);
    if (!found) { close(); return; }
    const turn = ++asked, address = area.closest("[data-people]").dataset.people;
    try {
      const response = await fetch(`${address}?q=${encodeURIComponent(found[1])}`);
      const body = await response.json();
      if (turn === asked && word(area)) offer(area, body.people);
    } catch { close(); }
  });
  document.addEventListener("keydown", (event) => {
    if (!list || event.target !== list.area) return;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) { event.preventDefault(); choose(list.index + move); }
    else if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); take(list.box.children[list.index].dataset.name); }
    else if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); }
  });
  document.addEventListener("focusout", (event) => { if (list && event.target === list.area) setTimeout(() => { if (list && document.activeElement !== list.area) close(); }, 150); });

  // Ctrl-Enter sends.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches?.("[data-discussion] textarea")) event.target.form.requestSubmit();
  });
})();
