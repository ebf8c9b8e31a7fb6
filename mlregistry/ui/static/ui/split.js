// The sliders of a split: each follows its number, and the other variants share what is left as they did before.
"use strict";
{
  const form = document.querySelector("form[data-split]");
  const rows = () => [...form.querySelectorAll("[data-row]")];
  const number = (row) => row.querySelector("[data-weight]");
  const slider = (row) => row.querySelector("[data-weight-slider]");
  const rounded = (value) => Math.round(value * 100) / 100;

  function follow() {
    for (const row of rows()) {
      slider(row).hidden = rows().length < 2;
      slider(row).value = number(row).value || 0;
      slider(row).setAttribute("aria-valuetext", `${number(row).value || 0} per cent`);
    }
  }

  // What is left of 100 goes to the others in proportion; evenly where they had nothing.
  function share(moved) {
    const others = rows().filter((row) => row !== moved);
    const left = 100 - Number(number(moved).value);
    const sum = others.reduce((total, row) => total + Number(number(row).value || 0), 0);
    let given = 0;
    others.forEach((row, place) => {
      const part = sum > 0 ? (left * Number(number(row).value || 0)) / sum : left / others.length;
      number(row).value = place === others.length - 1 ? rounded(left - given) : rounded(part);
      given = rounded(given + Number(number(row).value));
    });
  }

  form.addEventListener("input", (event) => {
    if (event.target.matches("[data-weight-slider]")) {
      const row = event.target.closest("[data-row]");
      number(row).value = event.target.value;
      share(row);
    }
    follow();
  });
  new MutationObserver(() => { follow(); form.dispatchEvent(new CustomEvent("split:changed")); })
    .observe(form.querySelector("fieldset"), { childList: true });
  follow();
}
