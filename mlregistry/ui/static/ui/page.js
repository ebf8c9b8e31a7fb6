// Behaviour of all pages: theme, uploads with progress, forms whose parts depend on each other, try-it.
"use strict";
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

one("[data-theme-toggle]")?.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* only for this page then */ }
  document.dispatchEvent(new CustomEvent("themechange"));
});

// The chosen one of a row of tabs that is longer than the window is in sight; a page that opens another part sends a resize.
const tabsInSight = () => {
  for (const tab of all(".tabs a[aria-current]")) {
    const row = tab.parentElement;
    row.scrollLeft += tab.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - tab.offsetWidth) / 2;
  }
};
tabsInSight();
addEventListener("resize", tabsInSight);

document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of all("details.menu[open]")) { menu.open = false; one("summary", menu).focus(); }
});

// A form or its button with data-confirm asks first. A deletion that does not say that it can be restored is for good.
const forGood = (question) => /^Delete/.test(question) && !/restored|undone/.test(question) ? `${question} This cannot be undone.` : question;
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset?.confirm;
  if (question && !confirm(forGood(question))) event.preventDefault();
}, true);

// Uploads show their progress; without this script the form works too.
for (const form of all("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !one("input[type=file]", form).files.length) return;
    event.preventDefault();
    const box = one("[data-upload-progress]", form), bar = one("progress", box), text = one("[data-upload-text]", box);
    const button = one("button[type=submit]", form);
    const request = new XMLHttpRequest();
    box.hidden = false; button.disabled = true;
    request.upload.onprogress = (step) => {
      if (!step.lengthComputable) return;
      bar.value = step.loaded / step.total;
      text.textContent = `${Math.round(100 * bar.value)} % of ${(step.total / 1048576).toFixed(1)} MB sent`;
    };
    request.upload.onload = () => { bar.removeAttribute("value"); text.textContent = "Reading and checking the table …"; };
    request.onerror = () => { button.disabled = false; text.textContent = "The connection broke. Try again."; };
    request.onload = () => {
      if (request.status < 400) { location.assign(request.responseURL); return; }
      const answer = new DOMParser().parseFromString(request.responseText, "text/html");
      const notice = one(".notice.error strong", answer) || one(".notice.error", answer);
      one("[data-upload-error]", form)?.remove();
      const shown = document.createElement("div");
      shown.className = "notice error"; shown.setAttribute("role", "alert"); shown.dataset.uploadError = "";
      shown.textContent = notice ? notice.textContent.trim() : `The server refused the file (${request.status}).`;
      form.prepend(shown); shown.scrollIntoView({ block: "center" });
      box.hidden = true; button.disabled = false;
    };
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}

// Parts that belong to some choices: <x data-when="name=value|other">.
function showParts() {
  for (const part of all("[data-when]")) {
    const [name, value] = part.dataset.when.split("=");
    const input = one(`[name="${name}"]:checked`) || one(`select[name="${name}"]`);
    part.hidden = Boolean(input) && !value.split("|").includes(input.value);
    if (part.tagName === "OPTGROUP") part.disabled = part.hidden;
  }
  for (const select of all("select:has(optgroup[data-when])")) {
    const fits = [...select.options].find((option) => !option.parentElement.disabled);
    if (fits && select.selectedOptions[0]?.parentElement.disabled) fits.selected = true;
  }
}
document.addEventListener("change", showParts);
showParts();

// Buttons that tick or clear all boxes of a name.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tick]");
  if (button) for (const box of all(`input[name="${button.dataset.tick}"]`)) box.checked = button.dataset.to === "on";
});

// Chosen runs survive a refresh of their table.
let chosen = new Set();
function countChosen() {
  for (const button of all("[data-compare]")) {
    const boxes = all("input[name=run]", button.form);
    const n = boxes.filter((box) => box.checked).length;
    button.disabled = n < 2;
    button.textContent = n ? `Compare ${n} runs` : "Compare";
  }
}
document.addEventListener("change", countChosen);
document.addEventListener("htmx:beforeSwap", () => { chosen = new Set(all("input[name=run]:checked").map((box) => box.value)); });
document.addEventListener("htmx:afterSwap", () => {
  for (const box of all("input[name=run]")) if (chosen.has(box.value)) box.checked = true;
  countChosen();
});
countChosen();

// Child runs fold away under their parent, and stay so when the table is refreshed. Large boards begin folded.
const folded = new Set();
const foldNames = (table) => all("[data-fold]", table).map((button) => button.dataset.fold);
function showFolds() {
  for (const row of all("tr[data-above]")) row.hidden = row.dataset.above.split(" ").some((name) => folded.has(name));
  for (const button of all("[data-fold]")) button.setAttribute("aria-expanded", String(!folded.has(button.dataset.fold)));
  for (const button of all("[data-fold-all]")) button.textContent = foldNames(button.form).some((name) => !folded.has(name)) ? "Fold all" : "Unfold all";
}
document.addEventListener("click", (event) => {
  const fold = event.target.closest("[data-fold]"), every = event.target.closest("[data-fold-all]");
  if (fold && !folded.delete(fold.dataset.fold)) folded.add(fold.dataset.fold);
  if (every) {
    const names = foldNames(every.form), shut = names.some((name) => !folded.has(name));
    for (const name of names) if (shut) folded.add(name); else folded.delete(name);
  }
  if (fold || every) showFolds();
});
for (const table of all("table[data-folded]")) for (const name of foldNames(table)) folded.add(name);
document.addEventListener("htmx:afterSwap", showFolds);
showFolds();

// Weights of an endpoint: the sum is shown and must be 100.
function sumWeights() {
  for (const output of all("[data-weight-sum]")) {
    const sum = all("input[data-weight]", output.closest("form")).reduce((total, input) => total + (Number(input.value) || 0), 0);
    output.textContent = `Sum: ${Math.round(sum * 100) / 100} %`;
    output.classList.toggle("bad", Math.abs(sum - 100) > 1e-9);
    output.classList.toggle("good", Math.abs(sum - 100) <= 1e-9);
  }
}
document.addEventListener("input", sumWeights);
sumWeights();

// A row more in a form: clones the <template> that data-add names.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add]");
  if (button) { button.before(one(button.dataset.add).content.cloneNode(true)); sumWeights(); }
  const drop = event.target.closest("[data-drop-row]");
  if (drop) { drop.closest("[data-row]").remove(); sumWeights(); }
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(one(copy.dataset.copy).textContent).then(() => { copy.textContent = "Copied"; });
});

// Try-it: sends one row to the endpoint's own address and shows the answer.
function rowOf(form) {
  const row = {};
  for (const input of all("[data-type]", form)) {
    const text = input.value;
    if (text === "") row[input.name] = null;
    else if (input.dataset.type === "boolean") row[input.name] = text === "true";
    else if (input.dataset.type === "string" || input.dataset.type === "datetime") row[input.name] = text;
    else row[input.name] = Number.isNaN(Number(text)) ? text : Number(text);
  }
  return row;
}
const cookie = (name) => document.cookie.split("; ").find((pair) => pair.startsWith(name + "="))?.split("=")[1] || "";
function inWords(body) {
  const value = body.predictions[0], likely = body.probabilities?.[0]?.[body.classes?.indexOf(value)];
  const text = typeof value === "number" ? value.toLocaleString("en", { maximumSignificantDigits: 6 }) : String(value);
  return likely === undefined ? text : `${text}, ${Math.round(100 * likely)} % sure`;
}
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-try]") || event.defaultPrevented) return;
  event.preventDefault();
  const answer = one("[data-answer]", form), facts = one("[data-answer-facts]", form);
  const started = performance.now();
  const headers = { "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken") };
  const unit = one("[name=__unit]", form)?.value;
  if (unit) headers["X-Unit-Id"] = unit;
  try {
    const response = await fetch(form.action, { method: "POST", headers, body: JSON.stringify({ dataframe_records: [rowOf(form)] }) });
    const body = await response.json();
    answer.textContent = JSON.stringify(response.ok ? body : body.detail || body, null, 2);
    answer.classList.toggle("bad", !response.ok);
    const id = response.headers.get("X-Request-Id");
    facts.textContent = response.ok
      ? `Answered by ${response.headers.get("X-Variant")} (version ${response.headers.get("X-Model-Version")}) in ${Math.round(performance.now() - started)} ms`
      : `Refused (${response.status})`;
    if (response.ok) for (const part of all("[data-answered]")) part.hidden = false;
    const plain = one("[data-answer-plain]", form);
    if (plain) plain.textContent = response.ok ? inWords(body) : "";
    const feedback = one("#feedback-request");
    if (id && feedback && response.ok) { feedback.value = id; one("[data-feedback]").hidden = false; }
  } catch { facts.textContent = "The server did not answer."; }
});

// What only says what a button will do is no change yet.
document.addEventListener("change", (event) => { if (event.target.matches("[data-quiet]")) event.stopPropagation(); }, true);

// A form that asks again after each change and on its buttons: a change made just before a button was pressed
// must not take the place of what the button asked for, which carries that change already.
document.addEventListener("htmx:confirm", (event) => {
  const form = event.target;
  const cause = event.detail.triggeringEvent;
  if (!(form instanceof HTMLFormElement) || !cause) return;
  if (cause.type === "submit") form.dataset.pressed = "";
  else if (cause.type === "change" && "pressed" in form.dataset) event.preventDefault();
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target instanceof HTMLFormElement && event.detail.requestConfig?.triggeringEvent?.type === "submit") delete event.target.dataset.pressed;
});

// What scrolls can be scrolled by keys too: it takes the focus where nothing in it does.
function letScroll() {
  for (const box of all(".scroll, pre, .tall, .ticks, .menu-box")) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (scrolls && !one("a[href], button, input, select, textarea, summary", box)) box.tabIndex = 0;
  }
}
letScroll();
window.addEventListener("resize", letScroll);
document.addEventListener("htmx:afterSettle", letScroll);

document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });

// Where the tabs do not fit, that of this page is brought into sight.
one(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
