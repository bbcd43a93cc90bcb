// Whatever a record says becomes a text node or an attribute that holds text; only this page's words name tags.
const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
};
const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const unseen = (text) => make("span", { class: "hidden" }, text);

// As Column.shown writes it; a true minus is as wide as the digits' plus.
const figure = (column, value) => {
  if (value === null) return "–";
  const text = (value * column.times).toFixed(column.digits);
  const sign = column.signed && Number(text) >= 0 ? "+" : "";
  return (Number(text) === 0 ? sign + text.replace("-", "") : sign + text).replace("-", "−");
};

const tableOf = (caption, head, rows) =>
  make(
    "table",
    { class: "small" },
    make("caption", {}, caption),
    make("thead", {}, make("tr", {}, ...head.map((cell) => make("th", { scope: "col" }, cell)))),
    make(
      "tbody",
      {},
      ...rows.map(([first, ...rest]) =>
        make("tr", {}, make("th", { scope: "row" }, first), ...rest.map((cell) => make("td", {}, cell))),
      ),
    ),
  );

// Headers become buttons: figures from the highest, retrievers by their letters.
const makeSortable = (table) => {
  const body = table.tBodies[0];
  const headers = [...table.tHead.rows[0].cells];
  const key = (row, place) => row.cells[place].dataset.number ?? row.cells[place].textContent.trim();
  headers.forEach((header, place) => {
    const button = make("button", { type: "button" }, ...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const first = place ? "descending" : "ascending";
      const second = place ? "ascending" : "descending";
      const order = header.getAttribute("aria-sort") === first ? second : first;
      headers.forEach((other) => other.removeAttribute("aria-sort"));
      header.setAttribute("aria-sort", order);
      const rows = [...body.rows].sort((one, other) => {
        const [a, b] = [key(one, place), key(other, place)];
        return (place ? a - b : a.localeCompare(b)) * (order === "ascending" ? 1 : -1);
      });
      const missing = (row) => place > 0 && row.cells[place].dataset.number === undefined;
      body.append(...rows.filter((row) => !missing(row)), ...rows.filter(missing));
    });
  });
};

// The words of two texts, each with whether the other has it too, by a longest common subsequence.
const compareWords = (before, after) => {
  const split = (text) => text.split(/\s+/).filter(Boolean);
  const plain = (word) => word.toLowerCase().replace(/^\p{P}+|\p{P}+$/gu, "") || word;
  const [a, b] = [split(before), split(after)];
  const [x, y] = [a.map(plain), b.map(plain)];
  const wide = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * wide);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * wide + j] =
        x[i] === y[j]
          ? longest[(i + 1) * wide + j + 1] + 1
          : Math.max(longest[(i + 1) * wide + j], longest[i * wide + j + 1]);
  const [keptBefore, keptAfter] = [a.map(() => false), b.map(() => false)];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (x[i] === y[j]) keptBefore[i++] = keptAfter[j++] = true;
    else if (longest[(i + 1) * wide + j] >= longest[i * wide + j + 1]) i++;
    else j++;
  }
  return [a.map((word, i) => [word, keptBefore[i]]), b.map((word, j) => [word, keptAfter[j]])];
};

// Words as a paragraph in which runs of those that the other text lacks are marked with `tag`.
const marked = (words, tag) => {
  const paragraph = make("p");
  for (let start = 0, end; start < words.length; start = end) {
    for (end = start; end < words.length && words[end][1] === words[start][1]; ) end++;
    const text = words.slice(start, end).map(([word]) => word).join(" ");
    paragraph.append(start ? " " : "", words[start][1] ? text : make(tag, {}, text));
  }
  return paragraph;
};
