"use strict";
// Sorts the table by a column: a click, Enter or Space on its head, again for the other way round. Words begin with А,
// figures with the largest; what is not given stands last either way.
for (const [column, button] of document.querySelectorAll("th span").entries()) {
  const sort = () => {
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
    const isKnown = (row) => isText || !Number.isNaN(number(row));
    const known = rows.filter(isKnown);
    known.sort((a, b) => (isText ? value(a).localeCompare(value(b), "ru") : number(a) - number(b)) * (up ? 1 : -1));
    body.append(...known, ...rows.filter((row) => !isKnown(row)));
  };
  button.addEventListener("click", sort);
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    sort();
  });
}
