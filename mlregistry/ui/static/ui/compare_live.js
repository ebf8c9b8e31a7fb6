// Runs side by side of which some still train: their curves and last values, asked for once a second.
// A tab in the background rests; runs that have ended are not asked about.
"use strict";
(() => {
  const EVERY = 1000, AFTER_ERROR = 5000, MOST_SERIES = 400, MOST_KEYS = 50;
  const setup = JSON.parse(document.getElementById("compare-live").textContent);
  const changes = new Map(Object.entries(setup.changes)), table = document.querySelector("[data-last-values] tbody");
  const grid = window.curveGrids?.[0];
  let timer = null, asking = false, over = false;

  function row(key) {
    let found = [...table.rows].find((one) => one.dataset.key === key);
    if (found) return found;
    found = document.createElement("tr");
    found.dataset.key = key;
    const head = Object.assign(document.createElement("th"), { scope: "row", textContent: key });
    found.append(head, ...setup.runs.map(() => Object.assign(document.createElement("td"), { className: "n", textContent: "–" })));
    table.append(found);
    return found;
  }

  function showValues(run, metrics) {
    if (!table) return;
    for (const [key, metric] of Object.entries(metrics)) {
      const cell = row(key).cells[1 + setup.runs.indexOf(run)], text = shownNumber(metric.value);
      if (cell.textContent !== text) cell.textContent = text;
    }
  }

  // A metric that has but one value at the beginning has no curve.
  function addCharts(metrics) {
    if (!grid) return;
    const fresh = Object.entries(metrics).filter(([key, one]) => !grid.charts.has(key) && (one.step !== 0 || one.minimum !== one.maximum));
    for (const [key] of fresh) grid.add(key);
    if (fresh.length) grid.search();
  }

  function tell() {
    if (changes.size) return;
    over = true;
    document.querySelector("[data-training]").hidden = true;
    document.querySelector("[data-ended]").hidden = false;
  }

  function take(news, keys, since) {
    for (const [run, one] of Object.entries(news.runs)) {
      showValues(run, one.metrics);
      addCharts(one.metrics);
      if (grid) grid.take(news.series.filter((series) => series.run === run), keys, since.get(run), one.changes, run);
      if (one.is_live) changes.set(run, one.changes); else changes.delete(run);
    }
  }

  async function ask() {
    clearTimeout(timer);
    if (over || asking || document.hidden) return;
    asking = true;
    const keys = (grid?.keysInSight() ?? []).slice(0, Math.min(MOST_KEYS, Math.floor(MOST_SERIES / changes.size)));
    const since = new Map([...changes].map(([run, known]) => [run, grid ? grid.since(keys, known, run) : known]));
    const query = new URLSearchParams([...since].flatMap(([run, mark]) => [["run", run], ["since", String(mark)]]));
    for (const key of keys) query.append("key", key);
    let wait = EVERY;
    try {
      const answer = await fetch(`${setup.address}?${query}`, { headers: { Accept: "application/json" } });
      if (answer.ok) { take(await answer.json(), keys, since); tell(); }
      else if ([401, 403, 404].includes(answer.status)) over = true;
      else wait = AFTER_ERROR;
    } catch { wait = AFTER_ERROR; }
    asking = false;
    if (!over && !document.hidden) timer = setTimeout(ask, wait);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  ask();
})();
