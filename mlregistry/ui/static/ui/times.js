// Times in the viewer's zone: the title has the full time with its zone; “5 min ago” stays true while a page is open.
"use strict";
(() => {
  const timeZone = document.documentElement.dataset.timeZone || undefined; // of the profile, else the machine's
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long", timeZone });
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone });
  const clock = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone });
  const short = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  const FORMS = { // of the filter “moment”
    whole: clock,
    short: new Intl.DateTimeFormat("en-GB", { ...short, timeZone }),
    seconds: new Intl.DateTimeFormat("en-GB", { ...short, second: "2-digit", timeZone }),
    clock: new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone }),
  };
  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];
  const MONTH = 30 * 86400;
  const DATE = /^\d{1,2} [A-Z][a-z]{2} \d{4}$/, MOMENT = /^\d{4}-\d\d-\d\d \d\d:\d\d/;

  function told(moment, text, form) {
    if (form) return FORMS[form].format(moment);
    const seconds = (Date.now() - moment) / 1000;
    if (text.endsWith(" ago") || text === "just now") {
      if (seconds > MONTH) return day.format(moment);
      const unit = UNITS.find(([size]) => seconds >= size);
      return unit ? `${Math.floor(seconds / unit[0])} ${unit[1]} ago` : "just now";
    }
    if (DATE.test(text)) return day.format(moment);
    return MOMENT.test(text) ? clock.format(moment) : text;
  }

  function localise() {
    for (const element of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(element.dateTime);
      if (Number.isNaN(moment.getTime()) || !element.dateTime.includes("T")) continue;
      element.title = full.format(moment);
      const text = element.textContent, now = told(moment, text, element.dataset.form);
      if (now !== text) element.textContent = now;
    }
  }

  localise();
  document.addEventListener("htmx:afterSettle", localise);
  setInterval(localise, 30_000);
})();
