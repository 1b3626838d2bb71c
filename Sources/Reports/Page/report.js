"use strict";
// Sorts the table by a column: a click or Enter on its head, again for the other way round. Words begin with А, figures
// with the largest; what is not given stands last either way.
for (const [column, button] of document.querySelectorAll("th button").entries()) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const isText = head.classList.contains("text");
    const before = head.getAttribute("aria-sort");
    const up = before ? before === "descending" : isText;
    for (const other of document.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = (row) => row.cells[column].dataset.value;
    const number = (row) => parseFloat(value(row));
    const body = document.querySelector("tbody");
    const rows = [...body.rows];
    const known = isText ? rows : rows.filter((row) => !Number.isNaN(number(row)));
    known.sort((a, b) => (isText ? value(a).localeCompare(value(b), "ru") : number(a) - number(b)) * (up ? 1 : -1));
    body.append(...known, ...rows.filter((row) => !known.includes(row)));
  });
}
