// Draws every [data-chart] from the JSON block its value names; redrawn when the theme changes.
// Data types: lines, points, bars, matrix (see the curves a run stores), groups (bars side by side) and stacks.
"use strict";
(() => {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const color = (name) => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  const palette = () => ["c1", "c2", "c3", "c4", "c5", "c6"].map(color);
  const faded = (text, alpha) => text.replace("rgb(", "rgba(").replace(")", `, ${alpha})`);

  const axis = (title, extra = {}) => ({ title: { text: title || "" }, gridcolor: color("line"), linecolor: color("line"), zerolinecolor: color("line"), automargin: true, ...extra });
  const layout = (chart, extra = {}) => ({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", colorway: palette(),
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: color("ink") },
    margin: { l: 56, r: 16, t: 12, b: 48 }, hoverlabel: { bgcolor: color("surface"), bordercolor: color("line"), font: { color: color("ink") } },
    xaxis: axis(chart.x_title), yaxis: axis(chart.y_title), legend: { orientation: "h", yanchor: "bottom", y: 1.02, x: 0 }, ...extra,
  });
  const diagonal = { type: "line", xref: "paper", yref: "paper", x0: 0, y0: 0, x1: 1, y1: 1 };
  const logarithmic = (on) => (on ? { type: "log", exponentformat: "none" } : {});
  // A colour bar sets styles that the policy refuses, so what the shades mean is said in words.
  const shades = (title, values) => {
    const known = values.filter((value) => value !== null), digits = (value) => String(Number(value.toPrecision(4)));
    const text = known.length ? `${title}: pale ${digits(Math.min(...known))}, strong ${digits(Math.max(...known))}` : "";
    return [{ xref: "paper", yref: "paper", x: 1, y: 1, xanchor: "right", yanchor: "bottom", text, showarrow: false, font: { size: 12, color: color("muted") } }];
  };
  // Long texts, such as paths, would lie over the axes beside theirs: of them the part in which they differ.
  const short = (texts) => {
    if (texts.every((text) => text.length <= 22)) return texts;
    const alike = (at) => texts.every((text) => text.at(at) === texts[0].at(at)), least = Math.min(...texts.map((text) => text.length));
    let start = 0, end = 0;
    while (texts.length > 1 && start < least && alike(start)) start += 1;
    while (texts.length > 1 && end < least - start && alike(-1 - end)) end += 1;
    return texts.map((text, i) => { const part = text.slice(start, text.length - end); return part.length > 18 ? `${i + 1} ${part.slice(0, 15)}…` : part || "–"; });
  };
  const guide = () => ({ line: { color: color("muted"), width: 1, dash: "dot" } });

  const draw = {
    lines(chart, name) {
      const unit = ["roc", "pr", "calibration"].includes(name);
      const range = unit ? { range: [-0.01, 1.01] } : {};
      const traces = chart.series.map((series, i) => ({
        type: series.x.length > 5000 ? "scattergl" : "scatter", x: series.x, y: series.y, customdata: series.counts,
        mode: name === "calibration" || chart.markers || series.x.length < 3 ? "lines+markers" : "lines",
        line: { width: 2.2, dash: i > 5 ? "dash" : "solid", shape: name === "roc" ? "hv" : "linear" },
        name: series.area === undefined ? series.name : `${series.name} · area ${series.area.toFixed(3)}`,
      }));
      const shapes = name === "roc" || name === "calibration" ? [{ ...diagonal, ...guide() }] : [];
      return [traces, layout(chart, { xaxis: axis(chart.x_title, chart.x_range ? { range: chart.x_range } : range), yaxis: axis(chart.y_title, chart.from_zero ? { rangemode: "tozero" } : range), shapes, showlegend: traces.length > 1 || unit })];
    },
    points(chart, name) {
      const [c1] = palette();
      const low = Math.min(...chart.x, ...chart.y), high = Math.max(...chart.x, ...chart.y);
      const shape = name === "residuals"
        ? { type: "line", xref: "paper", x0: 0, x1: 1, y0: 0, y1: 0, ...guide() }
        : { type: "line", x0: low, y0: low, x1: high, y1: high, ...guide() };
      return [[{ type: "scatter", mode: "markers", x: chart.x, y: chart.y, marker: { color: faded(c1, 0.55), size: 7 } }], layout(chart, { shapes: [shape] })];
    },
    scatter(chart) {
      const colors = palette(), symbols = ["circle", "diamond", "square", "triangle-up", "cross", "star"];
      const noise = (series) => series.name === "noise";
      const traces = chart.series.map((series, i) => ({
        type: "scatter", mode: "markers", name: series.name, x: series.x, y: series.y,
        marker: { size: noise(series) ? 5 : 7, symbol: noise(series) ? "x-thin-open" : symbols[Math.floor(i / 6) % 6], color: noise(series) ? color("muted") : faded(colors[i % 6], 0.6) },
      }));
      return [traces, layout(chart, { showlegend: traces.length > 1 })];
    },
    bars(chart) {
      const [c1] = palette();
      if (!chart.labels) return [[{ type: "bar", x: chart.x, y: chart.y, marker: { color: c1 } }], layout(chart, { bargap: 0.05 })];
      const n = Math.min(chart.labels.length, 20);
      const cut = (list) => list.slice(0, n).reverse();
      return [[{
        type: "bar", orientation: "h", y: cut(chart.labels), x: cut(chart.values), marker: { color: c1 },
        error_x: chart.deviations ? { type: "data", array: cut(chart.deviations), color: color("muted"), thickness: 1 } : undefined,
      }], layout(chart, { height: 90 + 24 * n, yaxis: axis("") })];
    },
    matrix(chart) {
      const labels = chart.labels, rows = chart.values.map((row) => row.reduce((a, b) => a + b, 0) || 1);
      const share = chart.values.map((row, i) => row.map((value) => value / rows[i]));
      const text = chart.values.map((row) => row.map((value) => value.toLocaleString("en")));
      const notes = labels.length > 15 ? [] : labels.flatMap((_, i) => labels.map((_, j) => ({
        x: j, y: i, text: text[i][j], showarrow: false, font: { color: share[i][j] > 0.5 ? color("on-accent") : color("ink") },
      })));
      return [[{
        type: "heatmap", z: share, customdata: text, zmin: 0, zmax: 1, showscale: false, xgap: 2, ygap: 2,
        colorscale: [[0, color("sunken")], [1, color("c1")]], hovertemplate: "%{customdata} rows · %{z:.1%} of this actual class<extra></extra>",
      }], layout(chart, {
        annotations: notes,
        xaxis: axis(chart.x_title, { tickvals: labels.map((_, i) => i), ticktext: labels, showgrid: false, zeroline: false }),
        yaxis: axis(chart.y_title, { tickvals: labels.map((_, i) => i), ticktext: labels, showgrid: false, zeroline: false, autorange: "reversed" }),
      })];
    },
    intervals(chart) {
      const colors = palette();
      const traces = chart.series.map((series, i) => ({
        type: "scatter", mode: "lines+markers", name: series.name, x: series.x, y: series.y,
        line: { width: 2, color: colors[i % 6], dash: i > 5 ? "dash" : "solid" }, marker: { size: 7, color: colors[i % 6] },
        error_y: { type: "data", symmetric: false, thickness: 1, width: 3, color: faded(colors[i % 6], 0.45),
          array: series.high.map((high, k) => high - series.y[k]), arrayminus: series.low.map((low, k) => series.y[k] - low) },
        hovertemplate: "%{fullData.name}, %{x}: %{y:.4~g}<extra></extra>",
      }));
      const level = { type: "line", xref: "paper", x0: 0, x1: 1, y0: chart.level.y, y1: chart.level.y, ...guide() };
      const means = [...chart.series.flatMap((series) => series.y), chart.level.y], low = Math.min(...means), reach = Math.max(...means) - low || 1;
      const note = { xref: "paper", x: 0, y: chart.level.y, xanchor: "left", yanchor: "bottom", text: chart.level.name, showarrow: false, font: { color: color("muted") } };
      return [traces, layout(chart, { height: 480, shapes: [level], annotations: [note], yaxis: axis(chart.y_title, { range: [low - 0.12 * reach, low + 1.12 * reach] }), xaxis: axis(chart.x_title, { dtick: Math.max(...chart.series.flatMap((s) => s.x)) < 15 ? 1 : undefined })
      })];
    },
    sequence(chart) {
      const colors = palette();
      const traces = chart.series.flatMap((series, i) => {
        const tint = colors[i % 6], edge = { type: "scatter", mode: "lines", x: series.x, line: { width: 0, shape: "hv" }, showlegend: false, hoverinfo: "skip" };
        return [{ ...edge, y: series.high }, { ...edge, y: series.low, fill: "tonexty", fillcolor: faded(tint, 0.18) }, {
          type: "scatter", mode: series.x.length < 3 ? "lines+markers" : "lines", name: series.name, x: series.x, y: series.y, line: { width: 2.2, color: tint, shape: "hv" },
          customdata: series.low.map((low, k) => [low, series.high[k]]), hovertemplate: "%{fullData.name}: %{y:.4~g} (%{customdata[0]:.4~g} to %{customdata[1]:.4~g})<extra></extra>",
        }];
      });
      const last = chart.series.flatMap((series) => series.low.slice(series.low.length >> 3).concat(series.high.slice(series.high.length >> 3)));
      const ends = [...last, chart.level.y], low = Math.min(...ends), reach = Math.max(...ends) - low || 1;
      const level = { type: "line", xref: "paper", x0: 0, x1: 1, y0: chart.level.y, y1: chart.level.y, ...guide() };
      const note = { xref: "paper", x: 1, y: chart.level.y, xanchor: "right", yanchor: "top", text: chart.level.name, showarrow: false, font: { color: color("muted") } };
      return [traces, layout(chart, { shapes: [level], annotations: [note], showlegend: chart.series.length > 1, yaxis: axis(chart.y_title, { range: [low - 0.08 * reach, low + 1.08 * reach] }) })];
    },
    heatmap(chart) {
      const n = chart.labels.length, ticks = { tickvals: chart.labels.map((_, i) => i), showgrid: false, zeroline: false };
      const wide = innerWidth > 600, most = wide ? 22 : 14;
      const short = chart.labels.map((label) => label.length > most ? label.slice(0, most - 1) + "…" : label);
      return [[{
        type: "heatmap", z: chart.values, zmin: -1, zmax: 1, xgap: 1, ygap: 1, showscale: false,
        colorscale: [[0, color("c2")], [0.5, color("sunken")], [1, color("c1")]],
        customdata: chart.labels.map((row) => chart.labels.map((column) => `${row} · ${column}`)), hovertemplate: "%{customdata}: %{z:.2f}<extra></extra>",
      }], layout(chart, { height: Math.max(360, 130 + 22 * n),
        xaxis: axis("", { ...ticks, ticktext: short, tickangle: wide ? -60 : -90 }), yaxis: axis("", { ...ticks, ticktext: short, autorange: "reversed" }) })];
    },
    explained(chart) {
      const [c1, c2] = palette();
      return [[
        { type: "bar", x: chart.x, y: chart.y, name: "each", marker: { color: c1 }, hovertemplate: "component %{x}: %{y:.1%}<extra></extra>" },
        { type: "scatter", mode: "lines+markers", x: chart.x, y: chart.cumulated, name: "together", line: { color: c2 }, hovertemplate: "first %{x}: %{y:.1%}<extra></extra>" },
      ], layout(chart, { yaxis: axis(chart.y_title, { range: [0, 1.02], tickformat: ".0%" }), shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: 0.95, y1: 0.95, ...guide() }] })];
    },
    stacks(chart) {
      const traces = chart.series.map((series) => ({ type: "bar", name: series.name, x: chart.labels, y: series.values }));
      return [traces, layout(chart, { barmode: "stack", bargap: 0.35, showlegend: true, yaxis: axis(chart.y_title, { exponentformat: "none" }), xaxis: axis("", { type: "category" }) })];
    },
    search_history(chart) {
      const [c1, c2] = palette(), last = chart.series.length - 1;
      const traces = chart.series.map((series, i) => ({
        type: "scatter", mode: series.mode, name: series.name, x: series.x, y: series.y,
        line: { width: 2.4, shape: "hv", color: c2 }, marker: { size: 7, color: i === last ? c2 : faded(c1, 0.6) },
      }));
      return [traces, layout(chart, { showlegend: true })];
    },
    search_parallel(chart) {
      const dimensions = chart.axes.map((one) => {
        if (one.ticks) return { label: one.label, values: one.values, tickvals: one.ticks.map((_, i) => i), ticktext: short(one.ticks) };
        if (!one.log) return { label: one.label, values: one.values };
        const values = one.values.map(Math.log10), low = Math.min(...values), high = Math.max(...values), apart = (high - low) / 12;
        const between = Array.from({ length: Math.max(0, Math.floor(high) - Math.ceil(low) + 1) }, (_, i) => Math.ceil(low) + i);
        const ticks = [low, ...between.filter((power) => power - low > apart && high - power > apart), high];
        return { label: one.label, values, tickvals: ticks, ticktext: ticks.map((power) => String(Number((10 ** power).toPrecision(3)))) };
      });
      const narrow = innerWidth < 600;
      for (const one of dimensions) { const parts = one.label.split("."); one.label = parts[parts.length - 1].slice(0, narrow ? 10 : 24); }
      const shown = narrow ? dimensions.slice(-4) : dimensions;
      return [[{
        type: "parcoords", dimensions: shown, labelangle: narrow ? -25 : 0, line: { color: chart.color, reversescale: chart.reverse, showscale: false, colorscale: [[0, color("line")], [1, color("c1")]] },
        labelfont: { color: color("ink") }, tickfont: { color: color("muted") }, rangefont: { color: color("muted") },
      }], layout(chart, { height: 420, margin: { l: shown[0].ticktext ? Math.min(narrow ? 130 : 190, 20 + 6.5 * Math.max(...shown[0].ticktext.map((text) => text.length))) : 60, r: 60, t: 60, b: 30 } })];
    },
    search_slice(chart) {
      const marker = { size: 7, color: chart.color, colorscale: [[0, color("line")], [1, color("c1")]], line: { width: 0.5, color: color("muted") } };
      return [[{ type: "scatter", mode: "markers", x: chart.x, y: chart.y, marker, hovertemplate: "trial %{marker.color}<br>%{x}: %{y:.4~g}<extra></extra>" }],
        layout(chart, { xaxis: axis(chart.x_title, chart.log ? { type: "log", exponentformat: "none" } : {}) })];
    },
    pareto(chart) {
      const [c1, c2] = palette(), wide = innerWidth > 600;
      const front = chart.points.filter((one) => one.best).sort((a, b) => a.x - b.x || a.y - b.y);
      const positive = chart.points.every((one) => one.x > 0), xs = chart.points.map((one) => one.x);
      const log = positive && Math.max(...xs) > 12 * Math.min(...xs);
      const dots = (name, points, marker) => ({
        type: "scatter", name, x: points.map((one) => one.x), y: points.map((one) => one.y), text: points.map((one) => one.name),
        mode: wide && name !== "others" ? "markers+text" : "markers", textposition: points.map((one) => (one.x > Math.sqrt(Math.min(...xs) * Math.max(...xs)) ? "top left" : "top right")), textfont: { size: 11, color: color("muted") }, cliponaxis: false,
        marker, hovertemplate: "%{text}<br>%{x:.4~g} · %{y:.4~g}<extra></extra>",
      });
      const traces = [
        { type: "scatter", mode: "lines", name: "Frontier", x: front.map((one) => one.x), y: front.map((one) => one.y), line: { shape: "hv", width: 2, color: c2 }, hoverinfo: "skip", showlegend: false },
        dots("on the frontier", chart.points.filter((one) => one.best && !one.first), { size: 10, color: c2 }),
        dots("others", chart.points.filter((one) => !one.best && !one.first), { size: 9, color: faded(c1, 0.55) }),
        dots("as it is", chart.points.filter((one) => one.first), { size: 13, symbol: "diamond", color: c1, line: { width: 2, color: color("ink") } }),
      ];
      return [traces, layout(chart, { height: 400, showlegend: true, xaxis: axis(chart.x_title, { exponentformat: "none", ...(log ? { type: "log" } : { rangemode: "tozero" }) }) })];
    },
    boxes(chart) {
      const colors = palette();
      const traces = chart.series.map((series, i) => ({
        type: "box", name: series.name, y: series.values, boxpoints: "all", jitter: 0.35, pointpos: 0, fillcolor: faded(colors[i % 6], 0.15),
        line: { color: colors[i % 6], width: 1.6 }, marker: { size: 6, color: faded(colors[i % 6], 0.75) }, hovertemplate: "%{x}: %{y:.4~g}<extra></extra>",
      }));
      return [traces, layout(chart, { showlegend: false, xaxis: axis("", { type: "category" }) })];
    },
    runs_scatter(chart) {
      const colors = palette(), scale = { colorscale: [[0, color("line")], [1, color("c1")]], showscale: false };
      const trace = (name, places, marker) => ({
        type: "scatter", mode: "markers", name, x: places.map((i) => chart.x[i]), y: places.map((i) => chart.y[i]), text: places.map((i) => chart.names[i]),
        marker: { size: 9, line: { width: 0.6, color: color("muted") }, ...marker }, hovertemplate: "%{text}<br>%{x}, %{y:.4~g}<extra></extra>",
      });
      const all = chart.names.map((_, i) => i), words = chart.groups ? [...new Set(chart.groups)].sort() : [];
      const traces = chart.groups
        ? words.map((word, g) => trace(word || "none", all.filter((i) => chart.groups[i] === word), { color: colors[g % 6], symbol: ["circle", "diamond", "square", "triangle-up"][Math.floor(g / 6) % 4] }))
        : [trace("", all, { color: chart.color, ...scale })];
      return [traces, layout(chart, { showlegend: words.length > 1, margin: { l: 56, r: 16, t: 30, b: 48 }, annotations: chart.groups ? [] : shades(chart.color_title, chart.color), xaxis: axis(chart.x_title, logarithmic(chart.log)), yaxis: axis(chart.y_title, logarithmic(chart.log_y)) })];
    },
    runs_contour(chart) {
      return [[
        { type: "contour", x: chart.x, y: chart.y, z: chart.values, connectgaps: true, colorscale: [[0, color("sunken")], [1, color("c1")]], showscale: false, contours: { coloring: "heatmap" }, line: { width: 0.6, color: color("line") }, hovertemplate: "%{x}, %{y}: %{z:.4~g}<extra></extra>" },
        { type: "scatter", mode: "markers", x: chart.x, y: chart.y, marker: { size: 6, color: color("ink") }, hoverinfo: "skip", showlegend: false },
      ], layout(chart, { margin: { l: 56, r: 16, t: 30, b: 48 }, annotations: shades(chart.color_title, chart.values), xaxis: axis(chart.x_title, logarithmic(chart.log)), yaxis: axis(chart.y_title, logarithmic(chart.log_y)) })];
    },
    groups(chart) {
      const traces = chart.series.map((series) => ({ type: "bar", name: series.name, x: chart.labels, y: series.values }));
      return [traces, layout(chart, { barmode: "group", bargap: 0.25 })];
    },
  };

  function drawAll() {
    for (const box of document.querySelectorAll("[data-chart]")) {
      const chart = JSON.parse(document.getElementById(box.dataset.chart).textContent);
      if (!draw[chart.type]) { box.textContent = "This kind of chart cannot be drawn."; continue; }
      const [traces, look] = draw[chart.type](chart, box.dataset.name || "");
      box.classList.toggle("as-tall-as-drawn", Boolean(look.height));
      Plotly.react(box, traces, look, { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["lasso2d", "select2d"], displayModeBar: false });
    }
  }
  drawAll();
  document.addEventListener("htmx:afterSettle", drawAll);
  document.addEventListener("themechange", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
