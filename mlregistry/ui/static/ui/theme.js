// Applies the chosen theme before the page is painted; loaded in the head, without defer.
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
  } catch { /* storage may be closed; the system's theme stays */ }
})();
