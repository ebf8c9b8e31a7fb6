// The search of every page: a dialog over /api/v1/find with a combobox and its listbox.
"use strict";
(() => {
  const dialog = document.getElementById("find");
  if (!dialog) return;
  const input = dialog.querySelector("input"), list = dialog.querySelector("[role=listbox]"), status = dialog.querySelector("[role=status]");
  const PAUSE = 90; // milliseconds without a key before the server is asked
  let waiting = 0, asked = 0, shown = null, chosen = -1;
  const options = () => [...list.querySelectorAll("[role=option]")];

  function choose(place) {
    const all = options();
    chosen = all.length ? (place + all.length) % all.length : -1;
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) { input.removeAttribute("aria-activedescendant"); return; }
    input.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  }

  function part(tag, name, text) {
    const element = document.createElement(tag);
    element.className = name;
    element.textContent = text;
    return element;
  }

  function show(results, text) {
    list.replaceChildren(...results.map((result, at) => {
      const option = document.createElement("li");
      option.id = `find-${at}`;
      option.setAttribute("role", "option");
      option.dataset.address = result.link;
      option.append(part("span", "find-kind", result.kind), part("b", "", result.title));
      if (result.detail) option.append(part("small", "", result.detail));
      return option;
    }));
    input.setAttribute("aria-expanded", String(results.length > 0));
    status.textContent = results.length ? `${results.length} found` : `Nothing is called “${text}”. Try the beginning of a word, or of a run’s id.`;
    status.classList.toggle("visually-hidden", results.length > 0);
    choose(0);
  }

  async function ask() {
    const text = input.value.trim(), number = ++asked;
    if (text === shown) return;
    try {
      const answer = await fetch(`${dialog.dataset.address}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
      const body = await answer.json();
      if (number !== asked) return; // a later question was faster
      shown = text;
      if (answer.ok) show(body.results, text);
      else { list.replaceChildren(); status.classList.remove("visually-hidden"); status.textContent = body.detail || "You are signed out. Load the page again."; }
    } catch {
      if (number !== asked) return;
      list.replaceChildren();
      status.classList.remove("visually-hidden");
      status.textContent = "The server did not answer. Try again.";
    }
  }

  function open() {
    if (dialog.open) return;
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    dialog.showModal();
    input.select();
    shown = null;
    ask();
  }

  function go(option, elsewhere) {
    if (!option) return;
    if (elsewhere) window.open(option.dataset.address, "_blank", "noopener");
    else { dialog.close(); location.assign(option.dataset.address); }
  }

  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, PAUSE); });
  input.addEventListener("keydown", async (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 }[event.key];
    if (steps) { event.preventDefault(); choose(chosen + steps); }
    if (event.key !== "Enter") return;
    event.preventDefault();
    const elsewhere = event.ctrlKey || event.metaKey;
    clearTimeout(waiting);
    await ask();
    go(options()[chosen], elsewhere);
  });
  dialog.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]"), event.ctrlKey || event.metaKey));
  list.addEventListener("pointermove", (event) => {
    const at = options().indexOf(event.target.closest("[role=option]"));
    if (at >= 0 && at !== chosen) choose(at);
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-find]");
    if (opener && !event.ctrlKey && !event.metaKey) { event.preventDefault(); open(); }
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
  });
  document.addEventListener("find:open", open);
})();
