// Keys of every page: “?” shows them, “/” searches, “g” and a letter goes to a section. People can switch them off.
"use strict";
(() => {
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  const box = dialog.querySelector("[name=keys]");
  const PATIENCE = 1500; // milliseconds between “g” and its letter
  let since = -PATIENCE;
  const isOn = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  const isTyping = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  box.checked = isOn();
  box.addEventListener("change", () => { try { localStorage.setItem("keys", box.checked ? "on" : "off"); } catch { /* for this page only */ } });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-keys]")) dialog.showModal(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target.closest("[data-close]")) dialog.close(); });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !isOn() || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (event.timeStamp - since < PATIENCE) {
      since = -PATIENCE;
      const link = document.querySelector(`a[data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); return; }
    }
    if (key === "g") since = event.timeStamp;
    else if (event.key === "?") { event.preventDefault(); dialog.showModal(); }
    else if (event.key === "/") { event.preventDefault(); document.dispatchEvent(new CustomEvent("find:open")); }
  });
})();
