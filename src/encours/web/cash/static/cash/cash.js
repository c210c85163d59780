// The clerk's desk: choosing items, the running difference, and the keys. Amounts are integers of minor units here;
// the server reads the form again and believes nothing of this file.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const MINUS = "\u2212";

  const sheet = () => $("[data-receipt][data-unapplied]");
  // As the server reads it: the mark that comes last is the decimal mark, unless it stands more than once.
  const minor = (text, decimals) => {
    const plain = text.replace(/[\s\u202f\u00a0]/g, "").replace(MINUS, "-");
    const last = plain.lastIndexOf(",") > plain.lastIndexOf(".") ? "," : ".";
    const pieces = plain.split(last);
    const decimal = pieces.length === 2 ? `${pieces[0].replace(/[.,]/g, "")}.${pieces[1]}` : plain.replace(/[.,]/g, "");
    const value = Number(decimal);
    return plain === "" || Number.isNaN(value) ? 0 : Math.round(value * 10 ** decimals);
  };
  const written = (amount, decimals) => new Intl.NumberFormat(document.documentElement.lang || "fr", {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals,
  }).format(Math.abs(amount) / 10 ** decimals).replace(/^/, amount < 0 ? MINUS : "");

  const parts = (row) => ({ box: $("input[type=checkbox]", row), field: $("input.amount", row) });
  const rows = () => all("#items tr[data-item]");
  const chosen = () => rows().filter((row) => parts(row).box.checked);
  const digits = (row) => Number(row.dataset.decimals);
  // What is left, in the currency of the chosen items: the money is held against them at the day's rate. Items of two
  // currencies, or of one without a rate, have no sum: the server says so beneath.
  const left = () => {
    const list = chosen();
    const { unapplied, currency, decimals } = sheet().dataset;
    if (!list.length) return { amount: Number(unapplied), currency, decimals: Number(decimals) };
    const first = list[0].dataset;
    if (list.some((row) => row.dataset.currency !== first.currency) || !first.rate) return null;
    const sum = list.reduce((total, row) => total + minor(parts(row).field.value, digits(row)), 0);
    const worth = first.rate === "1" ? Number(unapplied) : Math.round(Number(unapplied) * Number(first.rate));
    return { amount: worth - sum, currency: first.currency, decimals: Number(first.decimals) };
  };

  const tell = () => {
    const place = $("[data-difference]");
    if (!place) return;
    const rest = left();
    place.textContent = rest ? written(rest.amount, rest.decimals) : "\u2014";
    place.classList.toggle("good", Boolean(rest) && rest.amount === 0);
    place.classList.toggle("slip", !rest || rest.amount !== 0);
    $("[data-difference-in]").textContent = rest && rest.currency !== sheet().dataset.currency ? rest.currency : "";
    const form = $("#apply");
    if (form) form.dispatchEvent(new CustomEvent("chosen"));
  };
  // An item that is chosen is to be settled whole: what came less is a difference, and differences have causes.
  const take = (row) => {
    const { box, field } = parts(row);
    row.classList.toggle("on", box.checked);
    field.disabled = !box.checked;
    field.value = box.checked ? written(Number(row.dataset.open), digits(row)) : "";
  };

  document.addEventListener("change", (event) => {
    const row = event.target.closest("#items tr[data-item]");
    if (!row) return;
    if (event.target.type === "checkbox") take(row);
    unpress();
    tell();
  });
  document.addEventListener("input", (event) => { if (event.target.matches("#items input.amount")) tell(); });

  // The first open desk, and every one that htmx brings.
  const settle = () => { if (sheet()) tell(); };
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "desk") { at = -1; settle(); opened(); }
    if (event.target.id === "items") drop_twins();
  });
  document.addEventListener("DOMContentLoaded", settle);

  // The line of the receipt on the desk is marked; on a small screen the desk takes the queue's place.
  const opened = () => {
    const now = sheet() && sheet().dataset.receipt;
    all("#queue [data-receipt]").forEach((line) => {
      if (line.dataset.receipt === now) { line.setAttribute("aria-current", "true"); line.scrollIntoView({ block: "nearest" }); } else line.removeAttribute("aria-current");
    });
    $("[data-desk]").classList.toggle("picked", Boolean(now));
    if (matchMedia("(max-width: 760px)").matches) scrollTo(0, 0);
  };

  // What is asked for next is what stands beneath: the server need not look for it.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "post" || !event.target.closest("#desk")) return;
    const list = all("#queue [data-receipt]").map((line) => line.dataset.receipt);
    const place = list.indexOf(sheet() && sheet().dataset.receipt);
    if (place >= 0 && list[place + 1]) event.detail.parameters.next = list[place + 1];
  });

  // The receipt on the desk is this clerk's: looked at first, worked on once something is begun. It is given back on
  // going on and on leaving; who does nothing for a minute gives no sign of life.
  let held = null;
  let begun = false;
  let alive = true;
  const begin = () => { if (!begun && $("#held")) { begun = true; htmx.trigger("#held", "again"); } };
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.id !== "held") return;
    const now = sheet() && sheet().dataset.receipt;
    if (now === held && !alive) { event.preventDefault(); return; }
    if (now !== held) begun = false;
    if (held && now !== held) event.detail.parameters.left = held;
    if (begun) event.detail.parameters.working = "1";
    held = now;
    alive = false;
  });
  ["keydown", "pointerdown", "pointermove", "wheel"].forEach((name) => {
    document.addEventListener(name, () => { alive = true; }, { passive: true, capture: true });
  });
  ["change", "input"].forEach((name) => document.addEventListener(name, (event) => {
    if (event.target.closest("#desk")) { alive = true; begin(); }
  }));
  addEventListener("pagehide", () => {
    if (!held || !$("#held")) return;
    const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
    fetch($("#held").dataset.release, { method: "POST", keepalive: true, headers: { "X-CSRFToken": token } });
    held = null;
  });
  addEventListener("pageshow", (event) => { if (event.persisted && $("#held")) htmx.trigger("#held", "again"); });

  // What was found stands first; an item that is on the desk already stands once, with what was chosen of it.
  const drop_twins = () => {
    const seen = new Map();
    rows().forEach((row) => {
      const twin = seen.get(row.dataset.item);
      if (!twin) { seen.set(row.dataset.item, row); return; }
      if (parts(row).box.checked) { twin.replaceWith(row); seen.set(row.dataset.item, row); } else row.remove();
    });
    const first = chosen();
    first.reverse().forEach((row) => $("#items").prepend(row));
    if (rows().length) all("#items tr.nothing").forEach((row) => row.remove());
    const box = $("#desk-search");
    if (box) { box.blur(); box.value = ""; }
    point(first.length);
  };

  // The arrows walk the items, the space bar chooses, digits choose what the difference is.
  let at = -1;
  const point = (place) => {
    const list = rows();
    if (!list.length) return;
    at = Math.max(0, Math.min(list.length - 1, place));
    list.forEach((row, number) => row.toggleAttribute("data-at", number === at));
    list[at].scrollIntoView({ block: "nearest" });
  };
  const unpress = () => all("[data-way]").forEach((way) => way.setAttribute("aria-pressed", "false"));
  const toggle = () => {
    const row = rows()[at];
    if (!row) return;
    const { box } = parts(row);
    if (box.disabled) return;
    box.checked = !box.checked;
    take(row);
    unpress();
    tell();
    begin();
  };
  const edit = () => {
    const row = rows()[at];
    if (!row) return;
    if (!parts(row).box.checked) toggle();
    parts(row).field.focus();
    parts(row).field.select();
  };
  // Another set of items than the one that the desk began with; `w` goes through them and back to the beginning.
  const go = (way) => {
    const wanted = new Set(all("[data-way-item]", way).map((part) => part.dataset.wayItem));
    const whole = way.dataset.way === "begun";
    rows().forEach((row) => {
      const { box, field } = parts(row);
      box.checked = whole ? "begun" in row.dataset : wanted.has(row.dataset.item);
      take(row);
      if (whole && box.checked) field.value = row.dataset.begun;
    });
    chosen().reverse().forEach((row) => $("#items").prepend(row));
    all("[data-way]").forEach((one) => one.setAttribute("aria-pressed", String(one === way)));
    tell();
    begin();
  };
  const next_way = () => {
    const list = all("[data-way]");
    if (list.length) go(list[(list.findIndex((way) => way.getAttribute("aria-pressed") === "true") + 1) % list.length]);
  };
  document.addEventListener("click", (event) => {
    const way = event.target.closest("[data-way]");
    if (way) go(way);
  });
  const walk = (step) => {
    const list = all("#queue [data-receipt]");
    const now = sheet() && sheet().dataset.receipt;
    const place = list.findIndex((line) => line.dataset.receipt === now);
    const next = list[place < 0 ? 0 : place + step];
    if (!next) return;
    next.click();
  };
  const press = (selector) => { const button = $(selector); if (button) button.click(); return Boolean(button); };

  let going = 0; // `g` and a letter lead to another page: that letter is none of ours
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !$("[data-desk]")) return;
    if (Date.now() < going) { going = 0; return; }
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (typing && event.key === "Enter" && event.target.matches("#items input.amount")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      event.target.blur();
      return;
    }
    if (typing && event.target.type !== "checkbox" && event.target.type !== "radio") return;
    if (event.key === "g") { going = Date.now() + 1200; return; }
    const acts = {
      j: () => walk(1),
      k: () => walk(-1),
      ArrowDown: () => point(at + 1),
      ArrowUp: () => point(at - 1),
      " ": toggle,
      x: toggle,
      e: edit,
      s: () => { const box = $("#desk-search"); if (box) { box.focus(); box.select(); } },
      w: next_way,
      c: () => press("form[data-confirm] button"),
      0: () => press('#gap [data-choice="0"]'),
    };
    const key = event.key;
    const known = acts[key]
      || (/^[1-9]$/.test(key) && (() => press(`#gap [data-choice="${key}"]`)))
      || ($(`[data-key-act="${CSS.escape(key)}"]`) && (() => press(`[data-key-act="${CSS.escape(key)}"]`)));
    if (!known) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    known();
  }, true);
})();
