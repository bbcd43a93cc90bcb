"use strict";
const form = document.querySelector("#filters");
const shown = document.querySelector("#shown");
const marked = [...document.querySelectorAll("[data-size]")];
const rows = marked.filter((one) => one.matches("tr"));

const apply = () => {
  const wanted = [...new FormData(form)].filter(([, value]) => value);
  for (const one of marked)
    one.classList.toggle("out", wanted.some(([name, value]) => one.dataset[name] !== value));
  shown.textContent = `${rows.filter((row) => !row.matches(".out")).length} of ${rows.length} shown`;
};
form.addEventListener("change", apply);
form.addEventListener("reset", () => setTimeout(apply));
form.hidden = false;
apply();

// A point of the plot, or a link from elsewhere, may lead to a line that a filter hides.
addEventListener("hashchange", () => {
  const row = document.getElementById(location.hash.slice(1));
  if (!row?.matches(".out")) return;
  form.reset();
  setTimeout(() => row.scrollIntoView());
});

// Cells without a value stand last, whatever the direction.
const compared = (one, other, sign) => {
  if (one === other) return 0;
  if (one === "" || other === "") return one === "" ? 1 : -1;
  const [first, second] = [one, other].map(Number);
  return sign * (isNaN(first) || isNaN(second) ? one.localeCompare(other) : first - second);
};
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const asBuilt = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, place) => {
    if (!header.dataset.first) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const was = header.getAttribute("aria-sort");
      const way = was ? (was === "ascending" ? "descending" : "ascending") : header.dataset.first;
      for (const each of headers) each.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", way);
      const key = (row) => row.cells[place].dataset.key;
      const sign = way === "ascending" ? 1 : -1;
      body.append(...asBuilt.toSorted((one, other) => compared(key(one), key(other), sign)));
    });
  });
}
