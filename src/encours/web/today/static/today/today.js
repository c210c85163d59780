// Today: letters act on the chosen customer; when one is done the next is chosen and opened, so that hands stay put.
(() => {
  "use strict";
  const keys = { l: "call", p: "promise", z: "snooze", r: "assign", t: "pin" };
  const chosen = () => document.querySelector(".worklist > [aria-current=true]");
  const writing = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
  let after = null, wasOpen = false, going = 0;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    if (event.key === "g") { going = Date.now() + 1200; return; }
    if (Date.now() < going) { going = 0; return; }
    const row = chosen();
    if (!row) return;
    const target = row.querySelector(`[data-act="${keys[event.key]}"]`);
    if (keys[event.key] && target) { event.preventDefault(); target.click(); }
    if (event.key === "Escape" || event.key === "Enter") {
      const close = row.querySelector("[data-act=close]");
      if (close && event.target === document.body) { event.preventDefault(); close.click(); }
    }
  });

  // Which fields an outcome needs.
  const fit = (select) => {
    const form = select.form;
    const needs = ((select.selectedOptions[0] || {}).dataset || {}).needs || "";
    form.querySelectorAll("[data-need]").forEach((field) => { field.hidden = !needs.split(" ").includes(field.dataset.need); });
  };
  document.addEventListener("change", (event) => { if (event.target.matches("[data-outcome]")) fit(event.target); });

  document.querySelectorAll("[data-outcome]").forEach(fit);

  const only = (row) => document.querySelectorAll(".worklist > [aria-current=true]").forEach((other) => {
    if (other !== row) other.removeAttribute("aria-current");
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const row = event.detail.target;
    if (!row.matches || !row.matches(".worklist > tbody")) return;
    wasOpen = Boolean(row.querySelector("form.act"));
    after = row.nextElementSibling;
    while (after && !after.matches("[data-row]")) after = after.nextElementSibling;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const row = event.target;
    if (!row.matches || !row.matches(".worklist > tbody")) return;
    if (row.matches("[data-row]")) {
      row.setAttribute("aria-current", "true");
      only(row);
      row.querySelectorAll("[data-outcome]").forEach(fit);
      const first = row.querySelector("[autofocus]");
      if (first) first.focus();
      return;
    }
    if (!row.matches("[data-done]") || !after || !after.isConnected) return;
    after.setAttribute("aria-current", "true");
    only(after);
    after.scrollIntoView({ block: "nearest" });
    if (wasOpen) { const open = after.querySelector("[data-act=open]"); if (open) open.click(); }
  });
})();
