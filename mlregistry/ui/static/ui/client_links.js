// Links that MLflow's clients print, such as /#/experiments/3/runs/4490ee…, lead to our pages; through the log-in, too.
"use strict";

function pageOfClientLink(hash, home) {
  const [path, query] = hash.slice(2).split("?");
  const [noun, name, part, key] = path.split("/");
  const workspace = new URLSearchParams(query).get("workspace");
  const base = workspace ? `/t/${encodeURIComponent(workspace)}/` : home;
  if (noun === "experiments" && part === "runs" && /^[0-9a-f]{32}$/.test(key)) {
    return `${base}runs/${key.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}/`;
  }
  if (noun === "experiments" && part === "models" && /^m-[0-9a-f]{32}$/.test(key)) return `${base}logged-models/${key}/`;
  if (noun === "experiments") return /^\d+$/.test(name) ? `${base}experiments/${name}/` : `${base}experiments/`;
  if (noun === "models" || noun === "prompts") {
    if (!name) return `${base}models/`;
    return part === "versions" && /^\d+$/.test(key) ? `${base}models/${name}/versions/${key}/` : `${base}models/${name}/`;
  }
  return null;
}

function followClientLink() {
  if (!location.hash.startsWith("#/")) return;
  const next = document.querySelector("form [name=next]");
  const page = pageOfClientLink(location.hash, next ? next.value || "/" : location.pathname);
  if (page && next) next.value = page;
  else if (page) location.replace(page);
}
addEventListener("hashchange", followClientLink);
followClientLink();
