"use strict";
// Everything works without this: it ticks whole lists, counts, prints, and keeps the scanner's field ready.
for (const all of document.querySelectorAll("[data-all]")) {
  const boxes = [...document.querySelectorAll(`input[name="${all.dataset.all}"]`)].filter((box) => !box.disabled);
  all.hidden = boxes.length === 0;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  for (const box of boxes) box.addEventListener("change", tell);
}
function tell() {
  for (const output of document.querySelectorAll("[data-count]")) {
    const name = output.dataset.count;
    const count = document.querySelectorAll(`input[name="${name}"]:checked`).length;
    output.value = count ? `${document.documentElement.lang === "ru" ? "отмечено" : "ticked"}: ${count}` : "";
    const all = document.querySelector(`[data-all="${name}"]`);
    if (all) all.checked = count > 0 && count === document.querySelectorAll(`input[name="${name}"]:enabled`).length;
  }
}
tell();
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
for (const field of document.querySelectorAll("[data-select]")) {
  field.focus();
  field.select();
}
const fault = document.querySelector("[aria-invalid]");
if (fault) fault.focus();
