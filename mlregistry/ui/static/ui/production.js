// The form that picks a moment of the past: it is meant in the viewer's zone, which the server is told.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const form = document.querySelector("form[data-zone]");
  if (!form || !zone) return;
  const field = form.elements.at;
  const given = new URLSearchParams(location.search);
  if (!given.get("at")) {
    const now = new Date();
    now.setMinutes(now.getMinutes() - now.getTimezoneOffset());
    field.value = now.toISOString().slice(0, 16);
  } else if (given.get("zone") && given.get("zone") !== zone) {
    return; // somebody else's link: the moment stays in the zone it was meant in
  }
  form.elements.zone.value = zone;
  form.querySelector("[data-zone-name]").textContent = `(${zone})`;
})();
