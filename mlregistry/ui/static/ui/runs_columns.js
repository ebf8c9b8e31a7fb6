// Columns of the runs table: the dialog that chooses and orders them, the menu of a head, widths, dragging, groups.
"use strict";
(() => {
  const table = window.runsTable;
  if (!table) return;
  const ATTRIBUTES = [["attributes.status", "state"], ["attributes.start_time", "started"], ["attributes.duration_seconds", "duration"],
    ["attributes.end_time", "ended"], ["attributes.user_id", "user"], ["attributes.run_id", "id"], ["attributes.artifact_uri", "artifacts"]];
  const KINDS = [["attribute", "Of the run"], ["metric", "Metrics"], ["param", "Params"], ["tag", "Tags"]];
  const MOST_LISTED = 100, STEP = 32;
  const make = (tag, given = {}, ...inside) => { const node = Object.assign(document.createElement(tag), given); node.append(...inside); return node; };
  let reading = null;

  // What the experiment's runs have; asked for once.
  table.known = () => {
    reading ??= fetch(table.address("/columns")).then((answer) => answer.json()).then((found) => ({ ...found, attribute: ATTRIBUTES }));
    reading.catch(() => { reading = null; });
    return reading;
  };

  const dialog = document.getElementById("runs-columns");
  const search = dialog.querySelector("input[type=search]"), found = dialog.querySelector("[data-found]"), shown = dialog.querySelector("[data-shown]");
  let chosen = [];

  const titleOf = (name) => ATTRIBUTES.find(([known]) => known === name)?.[1] ?? name.replaceAll("`", "");

  async function list() {
    const known = await table.known().catch(() => null);
    if (!known) { found.textContent = "The columns could not be read. Close this and try again."; return; }
    const word = search.value.trim().toLowerCase();
    found.replaceChildren(...KINDS.flatMap(([kind, title]) => {
      const fits = known[kind].filter(([name, key]) => key.toLowerCase().includes(word) || name.toLowerCase().includes(word));
      if (!fits.length) return [];
      const rows = fits.slice(0, MOST_LISTED).map(([name, key]) => row(kind, name, key));
      if (fits.length > MOST_LISTED) rows.push(make("p", { className: "help", textContent: `… and ${(fits.length - MOST_LISTED).toLocaleString("en")} more: type to find them.` }));
      return [make("h3", { textContent: title }), ...rows];
    }));
    if (!found.children.length) found.append(make("p", { className: "help", textContent: "Nothing that the runs have is called so." }));
  }

  function row(kind, name, key) {
    const box = make("input", { type: "checkbox", checked: chosen.includes(name), value: name });
    const line = make("div", { className: "pick-line" }, make("label", { className: "check" }, box, make("span", { textContent: key, title: name })));
    if (kind === "metric") for (const of of ["min", "max"]) {
      const other = `${of}(${name})`;
      line.append(make("label", { className: "check aside", title: `The ${of === "min" ? "least" : "greatest"} over the run` }, make("input", { type: "checkbox", checked: chosen.includes(other), value: other }), make("span", { textContent: of })));
    }
    return line;
  }

  function order() {
    shown.replaceChildren(...chosen.map((name, n) => {
      const button = (text, label, act, off) => { const one = make("button", { type: "button", className: "icon", textContent: text, disabled: off }); one.setAttribute("aria-label", `${label} ${titleOf(name)}`); one.dataset.do = act; return one; };
      const line = make("li", { draggable: true }, make("span", { textContent: titleOf(name) }), button("↑", "Earlier:", "up", n === 0), button("↓", "Later:", "down", n === chosen.length - 1), button("✕", "Leave out", "out", false));
      line.dataset.n = n;
      return line;
    }));
  }

  function open() {
    chosen = [...table.state().columns];
    search.value = "";
    order(); list();
    dialog.showModal();
    search.focus();
  }
  search.addEventListener("input", list);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); found.querySelector("input")?.click(); }
  });
  found.addEventListener("change", (event) => {
    const name = event.target.value;
    chosen = event.target.checked ? [...chosen, name] : chosen.filter((one) => one !== name);
    order();
  });
  const shift = (from, to) => { const [name] = chosen.splice(from, 1); chosen.splice(to, 0, name); };
  shown.addEventListener("click", (event) => {
    const act = event.target.dataset.do, line = event.target.closest("li");
    if (!act) return;
    const n = Number(line.dataset.n);
    if (act === "up") shift(n, n - 1);
    if (act === "down") shift(n, n + 1);
    if (act === "out") { chosen.splice(n, 1); list(); }
    order();
    const next = shown.children[act === "up" ? n - 1 : act === "down" ? n + 1 : Math.min(n, chosen.length - 1)];
    (next?.querySelector(`[data-do=${act}]:not(:disabled)`) ?? next?.querySelector("button:not(:disabled)"))?.focus();
  });
  let lifted = null;
  shown.addEventListener("dragstart", (event) => { lifted = Number(event.target.dataset.n); });
  shown.addEventListener("dragover", (event) => event.preventDefault());
  shown.addEventListener("drop", (event) => {
    const line = event.target.closest("li");
    event.preventDefault();
    if (line && lifted !== null) { shift(lifted, Number(line.dataset.n)); order(); }
    lifted = null;
  });
  dialog.querySelector("[data-usual]").addEventListener("click", () => { dialog.close(); table.go({ columns: [], widths: [], pinned: 0 }); });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "use") table.go({ columns: chosen, widths: rearranged(chosen) });
    dialog.returnValue = "";
  });

  // Widths go with their columns.
  function rearranged(columns) {
    const { widths, columns: before } = table.state();
    return [widths[0] || 0, ...columns.map((name) => widths[before.indexOf(name) + 1] || 0)];
  }
  const rearrange = (columns) => table.go({ columns, widths: rearranged(columns) });

  // The menu of a column's head.
  const menu = make("div", { id: "runs-column-menu", className: "menu-box floating", hidden: true });
  menu.setAttribute("role", "menu");
  document.body.append(menu);
  let owner = null;
  const sized = (head, by) => {
    const n = Number(head.querySelector("[data-grip]").dataset.grip);
    resize(n, by ? Math.round(Math.max(60, Math.min(800, head.getBoundingClientRect().width + by))) : 0);
  };
  const sizes = (head) => [["Wider", () => sized(head, STEP)], ["Narrower", () => sized(head, -STEP)], ["Its own width", () => sized(head, 0)]];
  function acts(head) {
    if (!head.dataset.column) return sizes(head);
    const { columns, pinned, group } = table.state(), name = head.dataset.column, n = columns.indexOf(name);
    const swap = (to) => { const next = [...columns]; next.splice(n, 1); next.splice(to, 0, name); rearrange(next); };
    const plain = name.replace(/^(min|max|best|last)\((.*)\)$/s, "$2");
    const beside = (of) => { const next = [...columns]; next.splice(n + 1, 0, `${of}(${plain})`); rearrange([...new Set(next)]); };
    return [
      head.querySelector("a.sort") && ["Sort, least first", () => table.go({ order: [`${name} ASC`] })],
      head.querySelector("a.sort") && ["Sort, greatest first", () => table.go({ order: [`${name} DESC`] })],
      head.querySelector("a.sort") && table.state().order.length === 1 && !table.state().order[0].startsWith(name) && ["Sort by it among equals", () => table.go({ order: [...table.state().order, `${name} DESC`] })],
      "groups" in head.dataset && group.length < 3 && ["Group by it", () => table.go({ group: [...new Set([...group, name])] })],
      head.dataset.entity === "metric" && !columns.includes(`min(${plain})`) && ["Show its least beside it", () => beside("min")],
      head.dataset.entity === "metric" && !columns.includes(`max(${plain})`) && ["Show its greatest beside it", () => beside("max")],
      pinned > n ? ["Let go from the left", () => table.note({ pinned: n })] : ["Keep in sight up to here", () => table.note({ pinned: n + 1 })],
      n > 0 && ["Move left", () => swap(n - 1)],
      n < columns.length - 1 && ["Move right", () => swap(n + 1)],
      ...sizes(head),
      ["Leave out", () => rearrange(columns.filter((one) => one !== name))],
    ].filter(Boolean);
  }
  function show(button) {
    owner = button;
    menu.replaceChildren(...acts(button.closest("th")).map(([text, act]) => {
      const one = make("button", { type: "button", className: "plain", textContent: text });
      one.setAttribute("role", "menuitem");
      one.addEventListener("click", () => { const back = owner; hide(); back.focus(); act(); });
      return one;
    }));
    menu.hidden = false;
    const at = button.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - menu.offsetWidth - 8))}px`;
    menu.style.top = `${Math.min(at.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
    menu.firstChild.focus();
  }
  function hide() { menu.hidden = true; owner = null; }
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.children], n = items.indexOf(document.activeElement);
    const to = { ArrowDown: n + 1, ArrowUp: n - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); items[(to + items.length) % items.length].focus(); }
    if (event.key === "Escape" || event.key === "Tab") { const back = owner; hide(); if (event.key === "Escape") { event.stopPropagation(); back?.focus(); } }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-column-menu]");
    if (button && button !== owner) { show(button); return; }
    if (!menu.hidden && !menu.contains(event.target)) hide();
    if (event.target.closest("[data-choose-columns]")) open();
    if (event.target.closest("[data-show-keys]")) document.getElementById("runs-keys").showModal();
  });

  // Widths by dragging the edge of a head; the menu has them for the keyboard.
  let pulled = null;
  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    pulled = { n: Number(grip.dataset.grip), from: event.clientX, width: grip.parentElement.getBoundingClientRect().width, now: 0 };
  });
  document.addEventListener("pointermove", (event) => {
    if (!pulled) return;
    pulled.now = Math.round(Math.max(60, Math.min(800, pulled.width + event.clientX - pulled.from)));
    table.place(pulled.now, pulled.n);
  });
  document.addEventListener("pointerup", () => {
    if (pulled?.now) resize(pulled.n, pulled.now);
    pulled = null;
  });
  function resize(n, width) {
    const widths = [...table.state().widths];
    while (widths.length <= n) widths.push(0);
    widths[n] = width;
    table.note({ widths });
  }
  // Heads change places by dragging.
  let carried = null;
  document.addEventListener("dragstart", (event) => { carried = event.target.closest?.("th[data-column]")?.dataset.column ?? null; });
  document.addEventListener("dragover", (event) => { if (carried && event.target.closest("th[data-column]")) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    const to = event.target.closest("th[data-column]")?.dataset.column;
    if (!carried || !to || to === carried) { carried = null; return; }
    event.preventDefault();
    const columns = table.state().columns.filter((one) => one !== carried), at = table.state().columns.indexOf(to);
    columns.splice(at, 0, carried);
    carried = null;
    rearrange(columns);
  });

  // Group by anything that has values.
  document.addEventListener("focusin", async (event) => {
    const select = event.target.closest("[data-group-by]");
    if (!select || select.options.length > 1) return;
    const known = await table.known().catch(() => null);
    if (!known || select.options.length > 1) return;
    const option = ([name, key]) => make("option", { value: name, textContent: key });
    const parts = { "Of the run": ATTRIBUTES.filter(([name]) => /status|user_id/.test(name)), Params: known.param, Tags: known.tag };
    for (const [label, pairs] of Object.entries(parts)) if (pairs.length) select.append(make("optgroup", { label }, ...pairs.map(option)));
  });
  document.addEventListener("change", (event) => {
    const select = event.target.closest("[data-group-by]");
    if (select?.value) table.go({ group: [...new Set([...table.state().group, select.value])].slice(-3) });
  });
  table.chooseColumns = open;
})();
