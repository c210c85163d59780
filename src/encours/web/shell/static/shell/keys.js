// Keyboard, tooltips, toasts, drop zone: the little that HTML and htmx do not do by themselves.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // `g` then a letter goes to a page: the letters stand on the links themselves (data-key).
  let going = 0;
  const rows = () => all("[data-rows] > [data-row]").filter((row) => row.offsetParent !== null);
  // A group of rows cannot be `selected`: there the state is called `current`.
  const state = (row) => (row.tagName === "TBODY" ? "aria-current" : "aria-selected");
  const chosen = () => $("[data-rows] > [aria-selected=true], [data-rows] > [aria-current=true]");
  const choose = (row) => {
    if (!row) return;
    const before = chosen();
    if (before) before.removeAttribute(state(before));
    row.setAttribute(state(row), "true");
    row.scrollIntoView({ block: "nearest" });
  };
  const move = (step) => {
    const list = rows();
    if (!list.length) return;
    const at = list.indexOf(chosen());
    choose(list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + step))]);
  };
  const press = (name) => {
    const row = chosen();
    const target = row && $(`[data-act="${name}"]`, row);
    if (target) target.click();
    return Boolean(target);
  };
  const writing = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      all("details.menu[open]").forEach((menu) => menu.removeAttribute("open"));
      if (writing(event.target)) event.target.blur();
      return;
    }
    if (writing(event.target)) return;
    if (Date.now() < going) {
      going = 0;
      const link = $(`a[data-key="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); return; }
    }
    const acts = {
      "/": () => { const box = $("#find"); if (box) { box.focus(); box.select(); } return Boolean(box); },
      j: () => { move(1); return true; },
      k: () => { move(-1); return true; },
      Enter: () => event.target === document.body && press("open"),
      a: () => press("accept"),
      x: () => press("refuse"),
      u: () => { const undo = $(".toast [data-act=undo]"); if (undo) { undo.click(); return true; } return press("undo"); },
      g: () => { going = Date.now() + 1200; return true; },
      "?": () => { const help = $("a[data-help]"); if (help) location.assign(help.href); return Boolean(help); },
    };
    const act = acts[event.key];
    if (act && act()) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.removeAttribute("open"); });
  });

  // On a small screen a row of tabs or chips scrolls: the current one is in sight.
  all(".tabs [aria-current], nav.chips [aria-current]").forEach((link) => {
    const row = link.parentElement;
    row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
  });

  // A picture's aria-label is its tooltip.
  let tip;
  const hide = () => { if (tip) { tip.remove(); tip = undefined; } };
  document.addEventListener("pointerover", (event) => {
    hide();
    const mark = event.target.closest && event.target.closest("svg [aria-label], svg[aria-label], [data-tip]");
    const text = mark && (mark.getAttribute("data-tip") || mark.getAttribute("aria-label"));
    if (!text) return;
    tip = document.createElement("div");
    tip.className = "tip";
    tip.textContent = text;
    document.body.append(tip);
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(event.clientX + 12, innerWidth - box.width - 8))}px`;
    tip.style.top = `${event.clientY + 16 + box.height > innerHeight ? event.clientY - box.height - 8 : event.clientY + 16}px`;
  });
  document.addEventListener("scroll", hide, true);

  // A toast with Undo stays twenty seconds, another one six.
  const watch = (toast) => setTimeout(() => toast.remove(), $("[data-act=undo]", toast) ? 20000 : 6000);
  new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((node) => {
    if (node.classList && node.classList.contains("toast")) watch(node);
  }))).observe($("#toasts") || document.body, { childList: true });
  all(".toast").forEach(watch);

  // A row that htmx replaced: the next one that waits is chosen, so that `a` can be pressed again.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.matches && event.target.matches("[data-row], [data-done]") && !chosen()) move(1);
  });

  // Forms that send themselves when a control changes.
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && event.target.hasAttribute("data-submit")) form.requestSubmit();
  });

  // Drop zone: files dropped anywhere on it stand in its input.
  all("[data-drop]").forEach((zone) => {
    const input = $("input[type=file]", zone);
    const names = $("[data-names]", zone);
    const show = () => { if (names) names.textContent = [...input.files].map((file) => file.name).join(", "); };
    ["dragenter", "dragover"].forEach((name) => zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); }));
    ["dragleave", "drop"].forEach((name) => zone.addEventListener(name, () => zone.classList.remove("over")));
    zone.addEventListener("drop", (event) => { event.preventDefault(); input.files = event.dataTransfer.files; show(); });
    input.addEventListener("change", show);
  });
})();
