// Write-ups: preview while writing, the menu that puts blocks in, a link to copy, a word before leaving unsaved.
"use strict";
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-link]");
    if (button) navigator.clipboard?.writeText(button.dataset.link).then(() => { button.textContent = "Copied"; }, () => { window.prompt("The link:", button.dataset.link); });
  });

  const form = document.querySelector("form[data-writeup]");
  if (!form) return;
  const area = form.querySelector("#f-text"), shown = form.querySelector("[data-shown]");
  let waiting = 0, asked = 0, saved = false;

  async function preview() {
    const turn = ++asked, body = new FormData();
    body.append("text", area.value);
    body.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    try {
      const response = await fetch(form.dataset.preview, { method: "POST", body });
      const text = await response.text();
      if (turn !== asked) return;
      if (response.redirected || !response.ok) { shown.textContent = "The preview cannot be shown."; return; }
      const fresh = new DOMParser().parseFromString(text, "text/html").body;
      shown.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
      document.dispatchEvent(new Event("htmx:afterSettle"));
    } catch { if (turn === asked) shown.textContent = "The server did not answer."; }
  }
  area.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(preview, 700); });
  preview();

  form.addEventListener("submit", () => { saved = true; });
  window.addEventListener("beforeunload", (event) => { if (!saved && area.value !== area.defaultValue) event.preventDefault(); });

  const offered = JSON.parse(document.getElementById("blocks-offered").textContent);
  const box = form.querySelector("[data-insert]"), menu = form.querySelector(".insert");
  menu.hidden = false;
  const make = (name, values = {}, ...children) => { const element = Object.assign(document.createElement(name), values); element.append(...children); return element; };

  function list() {
    box.replaceChildren(...offered.map((block) => {
      const button = make("button", { type: "button", className: "plain", textContent: block.title });
      button.addEventListener("click", (event) => { event.stopPropagation(); ask(block); });
      return button;
    }));
  }
  function ask(block) {
    const inputs = block.fields.map((one) => {
      const input = make("input", { id: `i-${one.name}`, value: one.example, autocomplete: "off" });
      input.dataset.field = one.name;
      input.setAttribute("aria-describedby", `ih-${one.name}`);
      input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); insert(block); } });
      const label = make("label", { htmlFor: input.id, textContent: one.title });
      if (!one.required) label.append(" ", make("small", { textContent: "(optional)" }));
      return make("div", { className: "field" }, label, input, make("p", { className: "help", id: `ih-${one.name}`, textContent: one.help }));
    });
    const back = make("button", { type: "button", className: "plain", textContent: "← All blocks" });
    back.addEventListener("click", (event) => { event.stopPropagation(); list(); });
    const button = make("button", { type: "button", className: "primary small", textContent: `Insert ${block.title.toLowerCase()}` });
    button.addEventListener("click", () => insert(block));
    box.replaceChildren(back, ...inputs, make("div", { className: "actions" }, button));
    box.querySelector("input")?.focus();
  }
  function insert(block) {
    const lines = [...box.querySelectorAll("[data-field]")].filter((input) => input.value.trim()).map((input) => `${input.dataset.field}: ${input.value.trim().replace(/\s+/g, " ")}`);
    const before = area.value.slice(0, area.selectionStart);
    const gap = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    area.setRangeText(`${gap}\`\`\`mlregistry\nkind: ${block.kind}\n${lines.join("\n")}\n\`\`\`\n\n`, area.selectionStart, area.selectionEnd, "end");
    menu.open = false;
    list();
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  list();
})();
