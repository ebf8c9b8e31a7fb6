// The selected runs of the runs table, kept by id while the person pages and filters; what is done to them; its keys.
"use strict";
(() => {
  const table = window.runsTable;
  if (!table) return;
  const MOST_COMPARED = 200;
  const kept = `runs:${table.box().dataset.experiment}`;
  const one = (selector) => table.box().querySelector(selector), all = (selector) => [...table.box().querySelectorAll(selector)];
  let last = null;

  function read() { try { return new Set(JSON.parse(sessionStorage.getItem(kept) || "[]")); } catch { return new Set(); } }
  let selected = read();
  function keep() {
    try { sessionStorage.setItem(kept, JSON.stringify([...selected])); } catch { /* for this page only then */ }
    show();
  }
  function show() {
    const boxes = all("input[name=run]"), n = selected.size;
    for (const box of boxes) {
      box.checked = selected.has(box.value);
      box.closest("tr").classList.toggle("selected", box.checked);
    }
    const every = one("[data-pick-all]");
    if (every) {
      every.hidden = false;
      every.checked = boxes.length > 0 && boxes.every((box) => box.checked);
      every.indeterminate = !every.checked && boxes.some((box) => box.checked);
    }
    const bar = one("[data-selection]");
    if (!bar) return;
    bar.hidden = !n;
    one("[data-selected]").textContent = `${n.toLocaleString("en")} selected`;
    one("[data-clear-selection]").hidden = false;
    one("[data-select-all]").hidden = !one(".onward");
    const compare = one("[data-act=compare]");
    compare.disabled = n < 2 || n > MOST_COMPARED;
    compare.title = n > MOST_COMPARED ? `At most ${MOST_COMPARED} runs can be compared` : n < 2 ? "Select two runs or more" : "";
  }
  function mark(boxes, on) { for (const box of boxes) if (on) selected.add(box.value); else selected.delete(box.value); keep(); }

  async function post(act, fields) {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", document.querySelector("input[name=csrfmiddlewaretoken]").value);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    try {
      const answer = await fetch(table.address(`/${act}`), { method: "POST", body, headers: { "HX-Request": "true" } });
      const said = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : {};
      if (answer.ok && said.text) return said;
      table.say(said.error || `The server refused this (${answer.status}).`);
    } catch { table.say("The server did not answer. Try again."); }
    return null;
  }
  async function act(button) {
    const name = button.dataset.act, runs = [...selected].join(",");
    if (name === "compare") { location.assign(`${table.box().dataset.comparison}?${[...selected].map((run) => `run=${run}`).join("&")}`); return; }
    const value = (field) => one(`[name=${field}]`)?.value ?? "";
    const fields = { delete: {}, tag: { key: value("key"), value: value("value"), ...(button.name === "remove" ? { remove: "1" } : {}) }, move: { to: value("to") } }[name];
    button.disabled = true;
    const said = await post(name, { runs, ...fields });
    button.disabled = false;
    if (!said) return;
    if (name !== "tag") { selected = new Set(); keep(); }
    await table.load(location.href, { push: false });
    table.say(name === "delete" ? said.text.replace(/;.*/, ".") : said.text, name === "delete" && said.n ? () => undo(said.undo) : null);
  }
  async function undo(moment) {
    const said = await post("restore", { undo: moment });
    if (said) { await table.load(location.href, { push: false }); table.say(said.text); }
  }
  async function selectAll() {
    const words = table.query({ ...table.state(), group: [] });
    words.delete("view"); words.set("now", table.box().dataset.now);
    const answer = await fetch(`${table.address("/chosen")}?${words}`);
    const found = await answer.json();
    if (!answer.ok) { table.say(found.error); return; }
    for (const run of found.runs) selected.add(run);
    keep();
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest("#runs-table input[name=run]");
    if (box) {
      const boxes = all("input[name=run]"), here = boxes.indexOf(box), from = boxes.findIndex((other) => other.value === last);
      const range = event.shiftKey && from >= 0 ? boxes.slice(Math.min(here, from), Math.max(here, from) + 1) : [box];
      last = box.value;
      mark(range, box.checked);
      return;
    }
    const every = event.target.closest("[data-pick-all]");
    if (every) { mark(all("input[name=run]"), every.checked); return; }
    if (event.target.closest("[data-select-all]")) { selectAll(); return; }
    if (event.target.closest("[data-clear-selection]")) { selected = new Set(); keep(); return; }
    const button = event.target.closest("[data-act]");
    if (!button) return;
    if (button.dataset.act === "export") { exportRuns(button.form); return; }
    event.preventDefault();
    act(button);
  });
  // The form itself is sent, for its answer is a file: with all that is selected, seen or not.
  function exportRuns(form) {
    const field = form.querySelector("input[name=runs]") || Object.assign(document.createElement("input"), { type: "hidden", name: "runs" });
    field.value = [...selected].join(",");
    form.append(field);
  }

  // Enter in a field of the bar means the button below it, not the form's first.
  document.addEventListener("keydown", (event) => {
    const part = event.target.closest?.("[data-selection] .stack");
    if (!part || event.key !== "Enter" || !event.target.matches("input")) return;
    event.preventDefault();
    part.querySelector("button").click();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const active = document.activeElement;
    if (active.matches("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    const row = active.closest("tr[data-run]"), rows = all("tr[data-run]");
    const step = { j: 1, k: -1 }[event.key];
    if (step && rows.length) {
      const next = rows[row ? rows.indexOf(row) + step : step > 0 ? 0 : rows.length - 1];
      next?.querySelector("th a").focus();
      next?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "x" && row) row.querySelector("input[name=run]").click();
    else if (event.key === "Escape" && row) active.blur();
    else if (event.key === "f") document.getElementById("filter").focus();
    else if (event.key === "c") table.chooseColumns();
    else return;
    event.preventDefault();
  });
  document.addEventListener("runs:rows", show);
  addEventListener("pageshow", () => { selected = read(); show(); });
})();
