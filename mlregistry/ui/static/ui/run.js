// The page of a run: parts behind tabs, rows found by typing, and what is new while it trains, asked for once a second.
// A tab in the background rests; a run that has ended is not asked about.
"use strict";
(() => {
  const EVERY = 1000, AFTER_ERROR = 5000, MOST_LINES = 5000;
  const find = (selector, root = document) => root.querySelector(selector);
  const every = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Parts of the page: the address says which one is open, also by something inside of it.
  const links = every("[data-tabs] a"), parts = every("[data-part]");
  function open() {
    const target = /^#[\w-]+$/.test(location.hash) ? document.getElementById(location.hash.slice(1)) : null;
    const chosen = target?.closest("[data-part]") ?? parts[0];
    for (const part of parts) part.hidden = part !== chosen;
    for (const link of links) if (link.hash === `#${chosen?.id}`) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    if (target && target !== chosen) target.scrollIntoView();
    dispatchEvent(new Event("resize"));
  }
  if (parts.length) {
    addEventListener("hashchange", open);
    for (const link of links) link.addEventListener("click", (event) => {
      event.preventDefault();
      history.pushState(null, "", link.hash);
      open();
    });
    addEventListener("popstate", open);
    open();
    addEventListener("load", open);
  }

  document.addEventListener("input", (event) => {
    const table = event.target.dataset?.rows && find(event.target.dataset.rows);
    if (!table) return;
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of every("tbody tr", table)) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  });


  // As the server's filter “figure” writes numbers, so that none changes its look when it is written anew.
  function number(value) {
    if (value === null) return "NaN";
    const size = Math.abs(value), fixed = (digits) => value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    if (size >= 1.797e308) return value > 0 ? "∞" : "−∞";
    if (size >= 1e15) return String(Number(value.toPrecision(4)));
    if (Number.isInteger(value)) return value.toLocaleString("en");
    if (size >= 1000) return fixed(size < 100_000 ? 1 : 0);
    return size >= 0.001 && size < 10 ? value.toFixed(4) : String(Number(value.toPrecision(4)));
  }
  window.shownNumber = number;

  const setup = find("#run-live") && JSON.parse(find("#run-live").textContent);
  if (!setup?.is_live) return;
  const TONES = { FINISHED: "good", FAILED: "bad", KILLED: "warn", RUNNING: "live", SCHEDULED: "live" };
  const left = (seconds) => seconds < 60 ? `${Math.round(seconds)} s` : seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h ${Math.round(seconds % 3600 / 60)} min`;
  const log = find("[data-log]");
  let changes = setup.changes, line = -1, timer = null, asking = false, ended = false;

  function showState(news) {
    const badge = find("#run-status .badge");
    badge.textContent = news.status.toLowerCase();
    badge.className = `badge ${TONES[news.status] ?? ""}`;
    const box = find("[data-progress]");
    if (!box || !news.job) return;
    box.hidden = !news.is_live;
    find("progress", box).value = news.job.progress;
    const rest = news.job.eta_seconds === null || news.job.state !== "RUNNING" ? "" : ` · about ${left(news.job.eta_seconds)} left`;
    find("[data-message]", box).textContent = `${news.job.message || (news.job.state === "QUEUED" ? "Waiting for a worker" : "At work")}${rest}`;
  }

  function showMetrics(metrics) {
    const body = find("#all-metrics tbody");
    if (!body) return;
    const rows = new Map(every("tr", body).map((row) => [row.dataset.key, row]));
    for (const [key, metric] of Object.entries(metrics)) {
      let row = rows.get(key);
      if (!row) {
        row = document.createElement("tr");
        row.dataset.key = key;
        const head = document.createElement("th");
        head.scope = "row"; head.textContent = key;
        row.append(head, ...Array.from({ length: 4 }, () => Object.assign(document.createElement("td"), { className: "n" })));
        body.append(row);
      }
      for (const [i, value] of [metric.value, metric.step, metric.minimum, metric.maximum].entries()) {
        const text = i === 1 ? value.toLocaleString("en") : number(value);
        if (row.cells[i + 1].textContent !== text) row.cells[i + 1].textContent = text;
      }
      for (const grid of curveGrids) {
        const mine = grid.box.dataset.prefix ? key.startsWith(grid.box.dataset.prefix) : !key.startsWith("system/");
        if (mine && !grid.charts.has(key)) { grid.add(key); grid.search(); }
      }
    }
    for (const none of every("[data-no-curves]")) if (curveGrids.some((grid) => none.contains(grid.box) || none.parentElement.contains(grid.box) && grid.charts.size)) none.hidden = true;
  }

  function showLog(lines) {
    if (!log || !lines.length) return;
    const follow = log.scrollTop + log.clientHeight >= log.scrollHeight - 40;
    for (const one of lines) { log.append(`${one.text}\n`); line = one.sequence; }
    while (log.childNodes.length > MOST_LINES) log.firstChild.remove();
    if (follow) log.scrollTop = log.scrollHeight;
  }

  function finish(news) {
    ended = true;
    const notice = find("[data-ended]");
    notice.hidden = false;
    find("strong", notice).textContent = `The run has ended: ${news.status.toLowerCase()}.`;
    for (const form of every("[data-while-live]")) form.hidden = true;
  }

  async function ask() {
    clearTimeout(timer);
    if (ended || asking || document.hidden) return;
    asking = true;
    const seen = curveGrids.map((grid) => [grid, grid.keysInSight()]), keys = seen.flatMap(([, part]) => part).slice(0, 50);
    const since = Math.min(changes, ...seen.filter(([, part]) => part.length).map(([grid, part]) => grid.since(part, changes)));
    const query = new URLSearchParams({ since: String(since) });
    for (const key of keys) query.append("key", key);
    const reads = log && log.offsetParent;
    if (reads) query.set("log_after", String(line));
    let wait = EVERY;
    try {
      const answer = await fetch(`${setup.address}?${query}`, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const news = await answer.json();
        showState(news); showMetrics(news.metrics); showLog(news.lines);
        for (const [grid, part] of seen) { const mine = part.filter((key) => keys.includes(key)); grid.take(news.series.filter((one) => mine.includes(one.key)), mine, since, news.changes); }
        changes = news.changes;
        if (!news.is_live && !(reads && news.lines.length)) finish(news);
      } else if (answer.status === 401 || answer.status === 403 || answer.status === 404) ended = true;
      else wait = AFTER_ERROR;
    } catch { wait = AFTER_ERROR; }
    asking = false;
    if (!ended && !document.hidden) timer = setTimeout(ask, wait);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  ask();
})();
