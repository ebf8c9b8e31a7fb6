// The runs table: its state, loading another one in place, more rows while scrolling, widths and pinned columns.
// The other runs_*.js files build on window.runsTable.
"use strict";
(() => {
  const box = () => document.getElementById("runs-table");
  if (!box()) return;
  const LISTS = ["columns", "order", "group"];
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  let asking = null, following = null;

  const state = () => JSON.parse(box().dataset.state);
  const address = (rest = "") => box().dataset.address + rest;
  const inform = (name) => box().dispatchEvent(new CustomEvent(name, { bubbles: true }));

  function query(wanted) {
    const words = new URLSearchParams();
    if (box().dataset.view) words.set("view", box().dataset.view);
    for (const [word, value] of Object.entries(wanted)) {
      if (LISTS.includes(word)) for (const one of value) words.append(word, one);
      else if (word === "widths") { if (value.some(Boolean)) words.set(word, value.join(",")); }
      else if (value) words.set(word, value);
    }
    return words;
  }

  // What the page shows of where the focus was, so that it is there again in the new table.
  function held() {
    const active = document.activeElement;
    if (!active || !box().contains(active)) return null;
    if (active.id) return `#${active.id}`;
    const head = active.closest("th[data-column]");
    return head ? `th[data-column="${CSS.escape(head.dataset.column)}"] .${active.classList[0]}` : null;
  }

  async function load(url, { push = true } = {}) {
    asking?.abort();
    const mine = asking = new AbortController();
    const focus = held();
    box().setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal: mine.signal });
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("runs-table");
      if (!made) { location.assign(url); return; }
      box().replaceWith(document.importNode(made, true));
      if (push) history.pushState({ runs: true }, "", url);
      drawn();
      window.runsTable.isRestoring = true;
      if (focus) document.querySelector(focus)?.focus({ preventScroll: true });
      window.runsTable.isRestoring = false;
      document.dispatchEvent(new CustomEvent("runs:restored"));
    } catch (error) {
      if (error.name !== "AbortError") { box().removeAttribute("aria-busy"); say("The server did not answer. Try again."); }
    }
  }

  const go = (changes) => load(`${address()}?${query({ ...state(), ...changes })}`);

  // A change that needs no other rows: kept in the address and in the forms that save it.
  function note(changes) {
    const wanted = { ...state(), ...changes };
    box().dataset.state = JSON.stringify(wanted);
    history.replaceState(history.state, "", `${address()}?${query(wanted)}`);
    for (const form of box().querySelectorAll("form")) {
      if (!form.querySelector("input[type=hidden][name=columns]")) continue;
      for (const word of ["widths", "pinned"]) {
        const field = form.querySelector(`input[name=${word}]`) || Object.assign(document.createElement("input"), { type: "hidden", name: word });
        field.value = String(wanted[word]);
        form.append(field);
      }
    }
    place();
  }

  function say(text, undo) {
    const line = document.getElementById("runs-said");
    line.textContent = text;
    if (undo) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: "Undo" });
      button.addEventListener("click", () => { line.hidden = true; undo(); });
      line.append(" ", button);
    }
    line.hidden = false;
    clearTimeout(say.later);
    say.later = setTimeout(() => { line.hidden = true; }, undo ? 30_000 : 8_000);
  }

  // Widths as they were dragged, and the columns that stay in sight beside the name.
  function place(width, at) {
    const table = box().querySelector("table[data-runs]");
    if (!table) { sheet.replaceSync(""); return; }
    const { widths, pinned } = state(), heads = [...table.tHead.rows[0].cells];
    if (at !== undefined) { while (widths.length <= at) widths.push(0); widths[at] = width; }
    const within = "#runs-table table[data-runs] tr:not(.onward, .shelf) > ";
    const rules = widths.map((px, n) => (px ? `${within}:nth-child(${n + 2}) { width: ${px}px; min-width: ${px}px; max-width: ${px}px; }` : ""));
    sheet.replaceSync(rules.join("\n"));
    const stuck = matchMedia("(min-width: 700px)").matches ? Math.min(pinned + 2, heads.length) : 0;
    let left = 0;
    for (let n = 0; n < stuck; n += 1) {
      rules.push(`${within}:nth-child(${n + 1}) { position: sticky; left: ${left}px; z-index: 1; background: var(--surface); }`);
      rules.push(`#runs-table table[data-runs] thead tr:not(.onward, .shelf) > :nth-child(${n + 1}) { z-index: 3; }`);
      left += heads[n].getBoundingClientRect().width;
    }
    if (stuck) rules.push(`${within}:nth-child(${stuck}) { border-right: 1px solid var(--line); }`);
    sheet.replaceSync(rules.join("\n"));
  }

  // Pages that are far from what is seen give up their rows, so that a hundred thousand weigh no more than some hundred.
  const shelved = new WeakMap();
  function shelve(body) {
    if (shelved.has(body) || body.contains(document.activeElement) || body.rows.length < 2) return;
    const height = body.getBoundingClientRect().height;
    const row = document.createElement("tr"), cell = row.insertCell();
    row.className = "shelf"; cell.colSpan = body.rows[0].cells.length;
    cell.style.height = `${height}px`;
    shelved.set(body, [...body.rows]);
    body.replaceChildren(row);
  }
  function unshelve(body) {
    const rows = shelved.get(body);
    if (!rows) return;
    shelved.delete(body);
    body.replaceChildren(...rows);
    inform("runs:rows");
  }

  function follow() {
    following?.disconnect();
    const root = box().querySelector("[data-box]");
    if (!root) return;
    const near = new IntersectionObserver((seen) => {
      for (const one of seen) if (one.isIntersecting) onward(one.target, near, far);
    }, { root, rootMargin: "900px 0px" });
    const far = new IntersectionObserver((seen) => {
      for (const one of seen) if (one.isIntersecting) unshelve(one.target); else shelve(one.target);
    }, { root, rootMargin: "4000px 0px" });
    following = { disconnect: () => { near.disconnect(); far.disconnect(); } };
    watch(root.querySelector("tbody"), near, far);
  }
  function watch(body, near, far) {
    const more = body.querySelector(".onward");
    if (more) near.observe(more); else far.observe(body);
  }
  async function onward(row, near, far) {
    near.unobserve(row);
    const body = row.parentElement, next = body.dataset.next;
    row.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${address("/rows")}?${next}`);
      const made = new DOMParser().parseFromString(`<table>${await answer.text()}</table>`, "text/html").querySelector("tbody");
      if (!answer.ok || !made || !body.isConnected) throw new Error("no rows");
      row.remove();
      const added = document.importNode(made, true);
      body.after(added);
      far.observe(body);
      watch(added, near, far);
      inform("runs:rows");
    } catch { row.removeAttribute("aria-busy"); }  // its link still leads there
  }

  async function count() {
    const line = box().querySelector("[data-count]");
    if (!line || document.getElementById("filter-error")) return;
    const table = box().querySelector("table[data-runs]");
    const words = query({ ...state(), group: [], columns: state().columns.slice(0, 1) });
    words.delete("view"); words.delete("order"); words.set("now", box().dataset.now);
    let n = table && !table.querySelector(".onward") ? table.querySelectorAll("tr[data-run]").length : null;
    try {
      n ??= (await (await fetch(`${address("/count")}?${words}`)).json()).n;
    } catch { return; }
    box().dataset.n = n;
    line.textContent = `${n.toLocaleString("en")} run${n === 1 ? "" : "s"}`;
  }

  // Groups of very many runs come before their means and extremes, and these metric by metric.
  const groupsIn = (part) => new Map([...part.querySelector("table").tBodies[0].rows].filter((row) => row.matches(":has(> th)"))
    .map((row, i) => [row.querySelector("[data-expand]")?.dataset.expand ?? i, row]));
  function fill(waiting, made) {
    const known = groupsIn(waiting);
    for (const [name, row] of groupsIn(made)) [...row.cells].forEach((cell, i) => {
      if (!cell.matches(".waiting") && known.get(name)?.cells[i]?.matches(".waiting")) known.get(name).cells[i].replaceWith(document.importNode(cell, true));
    });
    if (made.dataset.measures) waiting.dataset.measures = made.dataset.measures;
    else { delete waiting.dataset.measures; waiting.removeAttribute("aria-busy"); }
  }
  async function measure() {
    let waiting = box().querySelector("[data-measures]"), fresh = true;
    while (waiting?.dataset.measures) {
      try {
        const answer = await fetch(address(waiting.dataset.measures), { headers: { "HX-Request": "true" } });
        const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-groups]");
        if (!waiting.isConnected || !made) return;
        if (fresh) { waiting.replaceWith(document.importNode(made, true)); waiting = box().querySelector("[data-groups]"); fresh = false; } // in the order of means
        else fill(waiting, made);
      } catch { waiting.removeAttribute("aria-busy"); say("The groups could not be measured. Load the page again."); return; }
    }
  }

  function drawn() {
    place();
    follow();
    count();
    measure();
    document.dispatchEvent(new CustomEvent("runs:drawn"));
    inform("runs:rows");
  }

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-table-link]");
    if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey) { event.preventDefault(); load(link.href); return; }
    const expand = event.target.closest("[data-expand]");
    if (!expand) return;
    const row = expand.closest("tr"), opened = expand.getAttribute("aria-expanded") === "true";
    expand.setAttribute("aria-expanded", String(!opened));
    if (opened) { row.nextElementSibling.remove(); return; }
    const inner = document.createElement("tr"), cell = inner.insertCell();
    inner.className = "inside"; cell.colSpan = row.cells.length; cell.textContent = "Reading …";
    row.after(inner);
    try {
      const answer = await fetch(expand.dataset.expand);
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("table");
      cell.replaceChildren(document.importNode(made, true));
      const all = Number(row.querySelector("td.n")?.textContent.replace(/,/g, "")) || 0;
      if (all > made.tBodies[0].rows.length) {
        const link = Object.assign(document.createElement("a"), { href: row.querySelector("a[data-table-link]").href, textContent: `All ${all.toLocaleString("en")} runs of this group` });
        link.dataset.tableLink = "";
        cell.append(link);
      }
    } catch { cell.textContent = "The runs of this group could not be read. Close and open it to try again."; }
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-runs-filter]")) return;
    event.preventDefault();
    const form = event.target;
    go({ filter: form.elements.filter.value.trim(), since: form.elements.since.value });
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("#since")) event.target.form.requestSubmit();
  });
  addEventListener("popstate", () => load(location.href, { push: false }));
  addEventListener("resize", () => place());

  window.runsTable = { box, state, address, query, load, go, note, place, say };
  addEventListener("DOMContentLoaded", drawn);
})();
