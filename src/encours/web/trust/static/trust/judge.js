// A key for each judgement: 1 to 4 press the buttons of the case; s passes it over; u takes the last one back (keys.js).
(() => {
  "use strict";
  const writing = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    if (!/^[1-9s]$/.test(event.key)) return;
    const button = document.querySelector(`#case [data-key-judge="${event.key}"]`);
    if (!button || button.disabled) return;
    event.preventDefault();
    button.click();
  });
})();
