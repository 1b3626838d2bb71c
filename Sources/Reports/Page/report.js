// Sorts the table by a column: a click or Enter on its head, again for the other way.
document.querySelectorAll("th button").forEach((button, column) => {
  button.addEventListener("click", () => {
    const head = button.parentElement;
    const up = head.getAttribute("aria-sort") !== "descending" && head.getAttribute("aria-sort") !== null;
    document.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = document.querySelector("tbody");
    const isText = head.classList.contains("text");
    const value = (row) => row.children[column].dataset.value ?? row.children[column].textContent;
    const number = (row) => { const n = parseFloat(value(row)); return Number.isNaN(n) ? -1 : n; };
    const rows = [...body.rows].sort((a, b) =>
      isText ? value(a).localeCompare(value(b), "ru") : number(a) - number(b));
    if (!up) rows.reverse();
    body.append(...rows);
  });
});
