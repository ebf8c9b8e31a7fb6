// The rows of a dataset version as one table that scrolls through all of them: only the rows near the window are in
// the page. Without this script the page shows fifty rows and links to the next.
"use strict";
for (const card of document.querySelectorAll("[data-rows]")) {
  const AROUND = 100; // rows kept above and below what is seen
  const MOST = 500; // rows that the server gives at once
  const TALLEST = 6e6; // pixels; browsers give up beyond some ten millions, so a taller table is scrolled in proportion
  const view = card.querySelector("[data-rows-window]"), body = card.querySelector("tbody");
  const place = card.querySelector("[data-rows-place]"), go = card.querySelector("[data-rows-go]");
  const n = Number(card.dataset.n);
  if (body.rows.length && n > body.rows.length) begin();

  function begin() {
    const columns = card.querySelectorAll("thead th");
    const number = new Intl.NumberFormat("en");
    view.classList.add("live");
    view.tabIndex = 0;
    view.setAttribute("role", "region");
    view.setAttribute("aria-label", "Rows of the table");
    card.querySelector("[data-rows-pager]").hidden = true;
    go.hidden = false;
    const height = body.rows[0].getBoundingClientRect().height;
    for (const column of columns) column.style.minWidth = `${column.getBoundingClientRect().width}px`;
    const tall = Math.min(n * height, TALLEST), ratio = (n * height) / tall;
    const above = spacer(), below = spacer();
    let lines = [...body.rows], first = Number(card.dataset.first), row = first;
    let asked = null, waiting = 0, ours = false;
    body.prepend(above);
    body.append(below);
    toRow(first);

    function spacer() {
      const line = document.createElement("tr"), cell = document.createElement("td");
      line.className = "spacer";
      line.setAttribute("aria-hidden", "true");
      cell.colSpan = columns.length;
      line.append(cell);
      return line;
    }

    function seen() { return Math.max(1, Math.floor(view.clientHeight / height) - 1); }

    // The first row that is shown lies where its place in the whole says. In proportion there is no room for those
    // above it, so they are left out.
    function draw() {
      const left = ratio > 1 ? Math.min(Math.max(0, row - first), lines.length) : 0;
      lines.forEach((line, index) => { line.hidden = index < left; });
      const start = ratio > 1 ? (row * height) / ratio : first * height;
      above.firstChild.style.height = `${start}px`;
      const rest = Math.max(tall - start, view.clientHeight); // so that any row can stand at the top
      below.firstChild.style.height = `${Math.max(0, rest - (lines.length - left) * height)}px`;
      const last = Math.min(n, row + seen());
      place.textContent = `rows ${number.format(Math.min(row, n - 1) + 1)} to ${number.format(last)} of ${number.format(n)}`;
    }

    function toRow(wanted) {
      row = Math.min(Math.max(0, wanted), Math.max(0, n - seen()));
      draw();
      const goal = (row * height) / ratio;
      if (Math.abs(view.scrollTop - goal) >= 1) { ours = true; view.scrollTop = goal; }
      load();
    }

    async function load() {
      const low = Math.max(0, row - AROUND / 2), high = Math.min(n, row + seen() + AROUND / 2);
      if (low >= first && high <= first + lines.length) return;
      asked?.abort();
      const own = asked = new AbortController();
      const start = Math.max(0, row - AROUND), limit = Math.min(MOST, seen() + 2 * AROUND);
      view.classList.add("busy");
      try {
        const answer = await fetch(`${card.dataset.address}?offset=${start}&limit=${limit}`, { signal: own.signal });
        if (!answer.ok) throw new Error(String(answer.status));
        const holder = document.createElement("tbody");
        holder.innerHTML = await answer.text();
        for (const line of lines) line.remove();
        [lines, first] = [[...holder.rows], start];
        above.after(...lines);
        draw();
      } catch (error) {
        if (error.name !== "AbortError") place.textContent = "These rows could not be read. Scroll to try again.";
      } finally {
        if (asked === own) view.classList.remove("busy");
      }
    }

    view.addEventListener("scroll", () => {
      if (ours) { ours = false; return; }
      row = Math.min(Math.round((view.scrollTop * ratio) / height), Math.max(0, n - seen()));
      draw();
      clearTimeout(waiting);
      waiting = setTimeout(load, 60);
    }, { passive: true });

    // Where a pixel stands for many rows, the wheel still moves by rows; keys always do.
    function step(event, rows) { event.preventDefault(); toRow(row + rows); }
    view.addEventListener("wheel", (event) => {
      if (ratio === 1 || event.ctrlKey || Math.abs(event.deltaY) <= Math.abs(event.deltaX)) return;
      step(event, Math.round(event.deltaY / height) || Math.sign(event.deltaY));
    }, { passive: false });
    view.addEventListener("keydown", (event) => {
      const page = Math.max(1, seen() - 1);
      const rows = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -n, End: n }[event.key];
      if (rows && event.target === view) step(event, rows);
    });
    go.addEventListener("submit", (event) => {
      event.preventDefault();
      toRow((Number(go.querySelector("input").value) || 1) - 1);
      view.focus();
    });
  }
}
