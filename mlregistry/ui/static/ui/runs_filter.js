// The filter of the runs table: completion of names, operators and values as the grammar has them.
"use strict";
(() => {
  const table = window.runsTable;
  if (!table) return;
  const NUMBER = ["=", "!=", ">", ">=", "<", "<="];
  const TEXT = ["=", "!=", "LIKE", "ILIKE", "NOT LIKE", "IN", "NOT IN", "RLIKE", "IS NULL", "IS NOT NULL"];
  const STATES = ["FINISHED", "RUNNING", "FAILED", "KILLED", "SCHEDULED"];
  const NUMBERS = ["start_time", "end_time", "duration_seconds"];
  const PIECE = /\s+|'(?:''|\\'|[^'])*'?|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])|(?:\w|`[^`]*`?|"[^"]*"?)(?:[\w./:-]|`[^`]*`?|"[^"]*"?)*|[<>=!~]+|[(),]|[^\s]/gy;
  const MOST = 12;
  const input = () => document.getElementById("filter"), list = () => document.getElementById("filter-choices");
  let choices = [], at = -1, turn = 0;

  function pieces(text) {
    return [...text.matchAll(PIECE)].map((found) => ({ text: found[0], from: found.index })).filter((one) => one.text.trim());
  }
  const isWord = (piece, ...words) => piece && words.includes(piece.text.toUpperCase());
  const isName = (piece) => piece && /^[A-Za-z_`"]/.test(piece.text);
  const isOperator = (piece) => piece && /^[<>=!~]+$/.test(piece.text);
  const isNumeric = (name) => /^metrics?\./.test(name) || NUMBERS.includes(name.replace(/^(attributes?|attr|run)\./, ""));

  // What may stand at the caret: the kind, the piece that is being typed, and the name before an operator.
  function place(text, caret) {
    const before = pieces(text.slice(0, caret));
    const touching = before.length && before.at(-1).from + before.at(-1).text.length === caret && !/[(),]$/.test(before.at(-1).text);
    const typed = touching ? before.pop() : { text: "", from: caret };
    let kind = "name", name = "", inList = false;
    for (const piece of before) {
      if (kind === "name") {
        if (isWord(piece, "AND", "OR", "NOT", "MIN", "MAX", "LAST", "BEST") || piece.text === "(") continue;
        if (isName(piece)) { name = piece.text; kind = "operator"; }
      } else if (kind === "operator") {
        if (piece.text === ")") continue;
        if (isWord(piece, "NULL")) kind = "join";
        else if (isWord(piece, "IN")) { kind = "value"; inList = true; }
        else if (isOperator(piece) || isWord(piece, "LIKE", "ILIKE", "RLIKE")) { kind = "value"; inList = false; }
      } else if (kind === "value") {
        if (inList ? piece.text === ")" : true) { kind = "join"; inList = false; }
      } else if (isWord(piece, "AND", "OR")) kind = "name";
    }
    return { kind, name, typed, inList };
  }

  async function offers({ kind, name, typed, inList }) {
    const word = typed.text.toLowerCase();
    if (kind === "name") {
      const known = await table.known();
      const all = [...known.metric, ...known.param, ...known.tag, ...known.attribute];
      const begins = ([full, key]) => full.toLowerCase().startsWith(word) || key.toLowerCase().startsWith(word);
      const holds = ([full]) => full.toLowerCase().includes(word);
      return [...all.filter(begins), ...all.filter((one) => !begins(one) && holds(one))].map(([full]) => ({ text: full, then: " " }));
    }
    if (kind === "operator") return (isNumeric(name) ? NUMBER : TEXT).filter((one) => one.toLowerCase().startsWith(word)).map((one) => ({ text: one, then: /IN$/.test(one) ? " (" : " " }));
    if (kind === "join") return ["AND", "OR"].filter((one) => one.toLowerCase().startsWith(word)).map((one) => ({ text: one, then: " " }));
    if (isNumeric(name)) return [];
    const start = typed.text.replace(/^'/, "");
    const found = /(^|\.)status$/.test(name) ? STATES : await values(name, start);
    return found.filter((one) => one.startsWith(start) && !one.includes("\\") && (inList || !one.includes("'"))).map((one) => ({ text: `'${one.replace(/'/g, "''")}'`, then: inList ? "" : " " }));
  }
  async function values(name, start) {
    if (!/^(params?|parameters?|tags?)\./.test(name)) return [];
    const answer = await fetch(`${table.address("/values")}?${new URLSearchParams({ name, start })}`);
    return answer.ok ? (await answer.json()).values : [];
  }

  async function suggest() {
    const field = input(), mine = ++turn, where = place(field.value, field.selectionStart);
    let found = [];
    try { found = await offers(where); } catch { /* nothing to offer then */ }
    if (mine !== turn || document.activeElement !== field) return;
    choices = found.filter((one) => one.text !== where.typed.text).slice(0, MOST).map((one) => ({ ...one, from: where.typed.from }));
    at = -1;
    draw();
  }
  function draw() {
    const box = list(), field = input();
    box.replaceChildren(...choices.map((one, n) => {
      const line = document.createElement("li");
      line.id = `filter-choice-${n}`; line.textContent = one.text;
      line.setAttribute("role", "option"); line.setAttribute("aria-selected", String(n === at));
      return line;
    }));
    box.hidden = !choices.length;
    field.setAttribute("aria-expanded", String(!box.hidden));
    if (at >= 0) { field.setAttribute("aria-activedescendant", `filter-choice-${at}`); box.children[at].scrollIntoView({ block: "nearest" }); }
    else field.removeAttribute("aria-activedescendant");
  }
  function close() { turn += 1; choices = []; at = -1; if (list()) draw(); }
  function take(n) {
    const field = input(), { text, then, from } = choices[n], rest = field.value.slice(field.selectionStart).replace(/^ /, "");
    field.value = field.value.slice(0, from) + text + then + rest;
    const caret = from + text.length + then.length;
    field.setSelectionRange(caret, caret);
    suggest();
  }

  document.addEventListener("input", (event) => { if (event.target === input()) suggest(); });
  document.addEventListener("focusin", (event) => { if (event.target === input() && !table.isRestoring) suggest(); });
  document.addEventListener("focusout", (event) => { if (event.target === input()) close(); });
  document.addEventListener("mousedown", (event) => {
    const line = event.target.closest("#filter-choices li");
    if (line) { event.preventDefault(); take([...line.parentElement.children].indexOf(line)); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.target !== input()) return;
    if (event.key === "Escape" && choices.length) { event.stopPropagation(); close(); return; }
    if (event.key === "Enter") { if (at >= 0) { event.preventDefault(); take(at); } else close(); return; }
    if (event.key === "Tab" && at >= 0) { event.preventDefault(); take(at); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    if (!choices.length) { suggest(); return; }
    at = at < 0 && step < 0 ? choices.length - 1 : (at + step + choices.length) % choices.length;
    draw();
  });
  // The mistake is what is typed over next.
  document.addEventListener("runs:restored", () => {
    const field = input();
    if (!field?.dataset.wrongTo || document.activeElement !== field) return;
    field.setSelectionRange(Number(field.dataset.wrongFrom), Number(field.dataset.wrongTo));
  });
})();
