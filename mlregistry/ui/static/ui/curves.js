// Curves of metrics with uPlot: a grid of charts for one run or many, loaded as they come into sight.
// A [data-curves] element names the JSON block with its runs and metrics; run.js hands over what is new.
"use strict";
(() => {
  const PER_REQUEST = 20, GAP = 5_000, QUIET = 150;
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const color = (name) => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  const dark = () => getComputedStyle(document.documentElement).colorScheme === "dark" || (document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const runColor = (i) => i < 6 ? color(`c${i + 1}`) : `hsl(${Math.round(i * 137.508) % 360} ${dark() ? "60% 68%" : "62% 38%"})`;
  const faded = (text, alpha) => text.startsWith("rgb(") ? text.replace("rgb(", "rgba(").replace(")", `, ${alpha})`) : text.replace(")", ` / ${alpha})`);
  const make = (tag, className, text) => { const found = document.createElement(tag); if (className) found.className = className; if (text !== undefined) found.textContent = text; return found; };
  const short = (value) => {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
    return Number(value.toPrecision(4)).toLocaleString("en", { maximumFractionDigits: 6 });
  };
  const span = (seconds) => {
    if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
    return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  };
  const place = { step: (x) => `step ${x.toLocaleString("en")}`, time: (x) => new Date(1000 * x).toLocaleString(), relative: (x) => `after ${span(x)}` };

  // Exponential moving average, debiased: s ← w·s + (1 − w)·v from s = 0, shown as s / (1 − wⁿ) after n values.
  function smoothed(values, weight) {
    let state = 0, n = 0;
    return values.map((value) => {
      if (value === null || value === undefined) return value;
      state = weight * state + (1 - weight) * value;
      n += 1;
      return state / (1 - weight ** n);
    });
  }

  class Chart {
    constructor(grid, key) {
      this.grid = grid; this.key = key; this.data = new Map(); this.fine = new Map(); this.seen = false; this.window = null;
      this.card = make("div", "curve");
      const head = make("div", "curve-head"), title = make("h3", "", key.split("/").slice(1).join("/") || key);
      title.title = key;
      this.reset = make("button", "small", "Whole curve"); this.reset.type = "button"; this.reset.hidden = true;
      this.reset.addEventListener("click", () => this.unzoom());
      const wide = make("button", "icon small", "⤢"); wide.type = "button"; wide.setAttribute("aria-pressed", "false");
      wide.setAttribute("aria-label", `Enlarge ${key}`);
      wide.addEventListener("click", () => { wide.setAttribute("aria-pressed", String(this.card.classList.toggle("wide"))); this.draw(); });
      head.append(title, this.reset, wide);
      this.plot = make("div", "curve-plot");
      this.plot.setAttribute("role", "img");
      this.read = make("p", "curve-read", "\u00a0");
      this.card.append(head, this.plot, this.read);
    }

    // The points of one run: what is in the window in finer points, the rest as it came at first.
    points(run) {
      const all = this.data.get(run), fine = this.fine.get(run);
      if (!fine || !all) return all;
      const { axis, low, high } = fine.window, along = axis === "time" ? "times" : "steps";
      const rows = [];
      for (const [from, inside] of [[all, false], [fine, true]])
        for (let i = 0; i < from.steps.length; i++)
          if (inside === (from[along][i] >= low && from[along][i] <= high)) rows.push([from.steps[i], from.times[i], from.values[i]]);
      rows.sort((a, b) => axis === "time" ? a[1] - b[1] : a[0] - b[0]);
      return { ...all, steps: rows.map((row) => row[0]), times: rows.map((row) => row[1]), values: rows.map((row) => row[2]) };
    }

    table(run) {
      const { x, logx, logy } = this.grid.state, found = this.points(run.id);
      if (!found) return null;
      let rows = found.steps.map((step, i) => [x === "step" ? step : x === "time" ? found.times[i] / 1000 : (found.times[i] - run.started) / 1000, found.values[i]]);
      if (logx) rows = rows.filter((row) => row[0] > 0);
      rows.sort((a, b) => a[0] - b[0]);
      const values = rows.map((row) => logy && row[1] !== null && row[1] <= 0 ? null : row[1]);
      return [rows.map((row) => row[0]), values];
    }

    tables() {
      const { smooth } = this.grid.state, lines = [], tables = [];
      for (const [i, run] of this.grid.runs.entries()) {
        if (this.grid.hidden.has(run.id)) continue;
        const table = this.table(run);
        if (!table || !table[0].length) continue;
        tables.push(smooth ? [...table, smoothed(table[1], smooth)] : table);
        if (smooth) lines.push({ run, i, raw: true });
        lines.push({ run, i, raw: false, lone: table[0].length === 1 });
      }
      return [lines, tables.length === 1 ? tables[0] : tables.length ? uPlot.join(tables) : [[]]];
    }

    draw() {
      if (!this.seen || !this.data.size) return;
      this.stale = !this.plot.clientWidth;
      if (this.stale) return;
      const [lines, data] = this.tables();
      const window = this.window;
      this.chart?.destroy();
      this.lines = lines;
      const { x, logx, logy } = this.grid.state, grid = { stroke: color("line"), width: 1 }, axis = { stroke: color("muted"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
      const seconds = (u, ticks) => ticks.map((tick) => tick === null ? "" : span(tick));
      const numbers = (u, ticks) => ticks.map((tick) => tick === null ? "" : short(tick));
      this.chart = new uPlot({
        width: this.plot.clientWidth, height: this.card.classList.contains("wide") ? 420 : 220, legend: { show: false },
        scales: { x: { time: x === "time", distr: logx ? 3 : 1, ...(window ? { min: window[0], max: window[1] } : {}) }, y: { distr: logy ? 3 : 1 } },
        axes: [{ ...axis, size: x === "time" ? 44 : 32, ...(x === "time" ? {} : { values: x === "relative" ? seconds : numbers, space: x === "relative" ? 90 : 60 }) }, { ...axis, values: numbers, size: 66 }],
        series: [{}, ...lines.map((line) => ({ label: line.run.name, stroke: line.raw ? faded(runColor(line.i), 0.28) : runColor(line.i), width: line.raw ? 1 : 1.8, dash: line.i > 5 && line.i % 3 === 2 ? [6, 3] : undefined, points: { show: line.lone === true }, spanGaps: false }))],
        cursor: { drag: { x: true, y: false }, focus: { prox: 40 }, points: { size: 6 } }, focus: { alpha: 0.25 },
        hooks: { setCursor: [(u) => this.say(u)], setSeries: [(u, i) => { this.near = i; this.say(u); }], setSelect: [(u) => this.zoomed(u)] },
      }, data, this.plot);
      this.chart.over.addEventListener("dblclick", () => this.unzoom());
      this.describe();
    }

    // New points come in without a new chart, unless there are other lines than before.
    refresh() {
      if (!this.chart) { this.draw(); return; }
      const [lines, data] = this.tables();
      if (lines.length !== this.lines.length) { this.draw(); return; }
      this.lines = lines;
      this.chart.setData(data, !this.window);
      if (this.window) this.chart.redraw();
      this.describe();
    }

    describe() {
      const parts = this.grid.runs.filter((run) => this.data.has(run.id)).slice(0, 5).map((run) => { const { values } = this.data.get(run.id); return `${run.name}: last ${short(values[values.length - 1])}`; });
      this.plot.setAttribute("aria-label", `${this.key}. ${parts.join("; ")}`);
    }

    say(u) {
      const at = u.cursor.idx;
      let i = this.lines.length === 1 ? 1 : this.near;
      if (this.grid.runs.length === 1) i = u.series.length - 1;
      if (at === null || at === undefined || !i || !u.data[i]) { this.read.textContent = "\u00a0"; return; }
      let nearest = at;
      for (let reach = 0; reach < 200 && (u.data[i][nearest] === null || u.data[i][nearest] === undefined); reach++) nearest = at + (reach % 2 ? -1 : 1) * Math.ceil((reach + 1) / 2);
      const value = u.data[i][nearest], raw = this.lines[i - 2]?.raw && this.grid.runs.length === 1 ? u.data[i - 1][nearest] : undefined;
      const name = this.grid.runs.length > 1 ? `${this.lines[i - 1].run.name} · ` : "";
      this.read.textContent = `${name}${place[this.grid.state.x](u.data[0][nearest] ?? u.data[0][at])} · ${short(value)}${raw === undefined ? "" : ` (as logged ${short(raw)})`}`;
    }

    zoomed(u) {
      if (u.select.width < 3) return;
      this.window = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
      this.reset.hidden = false;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.refine(), QUIET);
    }

    unzoom() {
      this.window = null; this.fine.clear(); this.reset.hidden = true;
      clearTimeout(this.timer);
      this.draw();
    }

    // Asks for finer points of the window, of the runs of which points were left out.
    async refine() {
      const { x } = this.grid.state, window = this.window, axis = x === "step" ? "step" : "time";
      const short = this.grid.runs.filter((run) => this.data.has(run.id) && !this.data.get(run.id).whole && !this.grid.hidden.has(run.id));
      if (!window || !short.length) return;
      const bounds = (run) => window.map((end) => x === "step" ? end : x === "time" ? 1000 * end : 1000 * end + run.started);
      const groups = x === "relative" ? short.map((run) => [run]) : [short];
      await Promise.all(groups.map(async (runs) => {
        const [low, high] = bounds(runs[0]);
        const found = await this.grid.ask(runs, [this.key], { axis, low, high });
        if (this.window === window) for (const series of found?.series ?? []) this.fine.set(series.run, { ...series, window: { axis, low, high } });
      }));
      if (this.window === window) this.draw();
    }

    take(series, fresh) {
      const old = this.data.get(series.run);
      if (!fresh || !old) { this.data.set(series.run, { ...series }); return; }
      for (let i = 0; i < series.steps.length; i++) { old.steps.push(series.steps[i]); old.times.push(series.times[i]); old.values.push(series.values[i]); }
      old.n_points += series.n_points;
    }
  }

  class Grid {
    constructor(box) {
      this.box = box;
      const setup = JSON.parse(document.getElementById(box.dataset.curves).textContent);
      Object.assign(this, { runs: setup.runs, source: setup.source, hidden: new Set(), charts: new Map(), waiting: new Set(), groups: new Map() });
      this.area = box.querySelector("[data-curves-area]");
      this.tools = box.querySelector("[data-curves-tools]");
      this.none = box.querySelector("[data-curves-none]");
      this.readState();
      this.sight = new IntersectionObserver((entries) => {
        for (const entry of entries) {
          const chart = this.charts.get(entry.target.dataset.key);
          chart.inSight = entry.isIntersecting;
          if (entry.isIntersecting) { if (chart.seen) { if (chart.stale) chart.draw(); } else { chart.seen = true; this.want(chart.key); } }
        }
      }, { rootMargin: "200px" });
      for (const key of setup.keys) this.add(key);
      this.legend();
      this.listen();
      this.search();
    }

    readState() {
      const query = new URLSearchParams(location.search);
      const smooth = Number(query.get("smooth"));
      this.state = {
        x: ["step", "time", "relative"].includes(query.get("x")) ? query.get("x") : "step",
        smooth: smooth > 0 && smooth < 1 ? smooth : 0, logx: query.get("log")?.includes("x") ?? false, logy: query.get("log")?.includes("y") ?? false, q: query.get("q") ?? "",
      };
      const tools = this.tools, named = (name) => tools.querySelector(`[name="${name}"]`);
      named("x").value = this.state.x; named("smooth").value = this.state.smooth; named("logx").checked = this.state.logx; named("logy").checked = this.state.logy; named("q").value = this.state.q;
      this.tell();
    }

    writeState() {
      const address = new URL(location.href), { x, smooth, logx, logy, q } = this.state;
      const put = (name, value, plain) => value === plain ? address.searchParams.delete(name) : address.searchParams.set(name, value);
      put("x", x, "step"); put("smooth", String(smooth), "0"); put("log", `${logx ? "x" : ""}${logy ? "y" : ""}`, ""); put("q", q, "");
      history.replaceState(null, "", address);
      document.dispatchEvent(new CustomEvent("curvesstate", { detail: this }));
    }

    tell() { const output = this.tools.querySelector("output"); if (output) output.textContent = this.state.smooth ? this.state.smooth.toFixed(2) : "off"; }

    listen() {
      this.tools.addEventListener("submit", (event) => event.preventDefault());
      this.tools.addEventListener("input", (event) => {
        const { name } = event.target, target = event.target;
        if (name === "q") { this.state.q = target.value.trim(); this.search(); }
        else if (name === "smooth") this.state.smooth = Number(target.value);
        else if (name === "x") { this.state.x = target.value; for (const chart of this.charts.values()) { chart.window = null; chart.fine.clear(); chart.reset.hidden = true; } }
        else if (name === "logx" || name === "logy") this.state[name] = target.checked;
        this.tell();
        if (name !== "q") this.drawSoon();
        this.writeState();
      });
      let width = innerWidth;
      addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; this.drawSoon(); } });
      document.addEventListener("themechange", () => { this.legend(); this.drawSoon(); });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.legend(); this.drawSoon(); });
    }

    drawSoon() {
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => { for (const chart of this.charts.values()) if (chart.inSight) chart.draw(); else chart.stale = chart.seen; });
    }

    // Grouped by what stands before the first "/".
    add(key) {
      if (this.charts.has(key)) return;
      const prefix = key.includes("/") ? key.split("/")[0] : "";
      if (!this.groups.has(prefix)) {
        const group = make("details", "curve-group"), line = make("summary"), grid = make("div", "curve-grid");
        group.open = true;
        line.append(make("span", "", prefix || "Metrics"), make("small", "", ""));
        group.append(line, grid);
        const rank = (name) => name === "system" ? "\uffff" : name;
        const next = [...this.groups.keys()].find((other) => rank(other) > rank(prefix));
        if (next === undefined) this.area.append(group); else this.groups.get(next).group.before(group);
        this.groups.set(prefix, { group, grid, count: line.lastChild });
        this.groups = new Map([...this.groups].sort((a, b) => rank(a[0]) < rank(b[0]) ? -1 : 1));
      }
      const chart = new Chart(this, key), { grid } = this.groups.get(prefix);
      chart.card.dataset.key = key;
      this.charts.set(key, chart);
      grid.append(chart.card);
      this.sight.observe(chart.card);
    }

    search() {
      const words = this.state.q.toLowerCase().split(/\s+/).filter(Boolean);
      let n = 0;
      for (const { group, grid, count } of this.groups.values()) {
        let shown = 0;
        for (const card of grid.children) { card.hidden = !words.every((word) => card.dataset.key.toLowerCase().includes(word)); if (!card.hidden) shown += 1; }
        group.hidden = !shown; count.textContent = ` ${shown}`; n += shown;
      }
      if (this.none) this.none.hidden = n > 0 || !this.charts.size;
    }

    // Buttons of the runs: pointing at one lifts its lines, pressing it hides them.
    legend() {
      const list = this.box.querySelector("[data-curves-legend]");
      if (!list) return;
      list.replaceChildren(...this.runs.map((run, i) => {
        const item = make("li"), button = make("button", "small run-chip"), dot = make("span", "run-dot");
        button.type = "button"; dot.style.background = runColor(i);
        button.setAttribute("aria-pressed", String(!this.hidden.has(run.id)));
        button.append(dot, make("span", "", run.name));
        button.addEventListener("click", () => {
          if (!this.hidden.delete(run.id)) this.hidden.add(run.id);
          button.setAttribute("aria-pressed", String(!this.hidden.has(run.id)));
          this.drawSoon();
        });
        for (const [type, on] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) button.addEventListener(type, () => this.lift(on ? run.id : null));
        item.append(button);
        return item;
      }));
    }

    lift(id) {
      for (const chart of this.charts.values()) {
        if (!chart.chart || !chart.inSight) continue;
        const at = id === null ? null : chart.lines.findIndex((line) => line.run.id === id && !line.raw) + 1;
        if (at !== 0) chart.chart.setSeries(at, { focus: at !== null });
      }
    }

    want(key) {
      this.waiting.add(key);
      if (this.waiting.size === 1) setTimeout(() => this.load(), 20);
    }

    async load() {
      const keys = [...this.waiting];
      this.waiting.clear();
      const each = Math.max(1, Math.min(PER_REQUEST, Math.floor(400 / this.runs.length)));
      for (let start = 0; start < keys.length; start += each) {
        const part = keys.slice(start, start + each), found = await this.ask(this.runs, part);
        if (!found) { for (const key of part) { const chart = this.charts.get(key); chart.read.textContent = "The server did not answer; scroll away and back to try again."; chart.seen = false; } continue; }
        for (const key of part) this.charts.get(key).data.clear();
        for (const series of found.series) this.charts.get(series.key).take(series, false);
        for (const key of part) this.charts.get(key).draw();
        this.marks = { ...this.marks, ...Object.fromEntries(part.map((key) => [key, Object.fromEntries(Object.entries(found.runs).map(([run, mark]) => [run, mark.changes]))])) };
      }
    }

    async ask(runs, keys, window = {}) {
      const query = new URLSearchParams();
      for (const run of runs) query.append("run", run.id);
      for (const key of keys) query.append("key", key);
      const width = this.charts.get(keys[0]).plot.clientWidth || 400;
      query.set("points", String(Math.max(30, Math.min(1500, 3 * Math.ceil(width / 2), Math.floor(400_000 / (runs.length * keys.length))))));
      if (this.state.logx) query.set("scale", "log");
      for (const [name, value] of Object.entries(window)) query.set(name, String(value));
      try {
        const answer = await fetch(`${this.source}?${query}`, { headers: { Accept: "application/json" } });
        return answer.ok ? await answer.json() : null;
      } catch { return null; }
    }

    // For live pages: what is in sight, and the change up to which all of it is known of a run.
    keysInSight() { return [...this.charts.values()].filter((chart) => chart.inSight && chart.seen && chart.data.size && chart.card.offsetParent).map((chart) => chart.key); }

    since(keys, otherwise, run = this.runs[0].id) { return Math.min(otherwise, ...keys.map((key) => this.marks?.[key]?.[run] ?? 0)); }

    // What a run logged since `since`, up to `until`; what a chart loaded in between has is not taken twice.
    take(series, keys, since, until, run = this.runs[0].id) {
      for (const one of series) {
        const chart = this.charts.get(one.key), held = chart?.data.get(run);
        if (!held && this.marks?.[one.key]?.[run] === undefined) continue;
        if (one.reset || held?.steps.length > GAP) { this.want(one.key); continue; }
        chart.take(held && this.marks?.[one.key]?.[run] > since ? unheld(one, held) : one, true);
        if (chart.inSight) chart.refresh(); else chart.stale = true;
      }
      for (const key of keys) this.marks = { ...this.marks, [key]: { ...this.marks?.[key], [run]: Math.max(until, this.marks?.[key]?.[run] ?? 0) } };
    }
  }

  function unheld(one, held) {
    const name = (from, i) => `${from.steps[i]} ${from.times[i]}`, from = Math.max(0, held.steps.length - 3000);
    const known = new Set(Array.from({ length: held.steps.length - from }, (_, i) => name(held, from + i)));
    const places = one.steps.map((_, i) => i).filter((i) => !known.has(name(one, i)));
    const pick = (list) => places.map((i) => list[i]);
    return { ...one, n_points: places.length, steps: pick(one.steps), times: pick(one.times), values: pick(one.values) };
  }

  window.curveGrids = [];
  for (const box of document.querySelectorAll("[data-curves]")) window.curveGrids.push(new Grid(box));
})();
