// One opened topic: how it was asked, what it counted, both rankings with lines, and a document's text.
const KINDS = {
  lost: ["▼", "relevant before, not after: should fall"],
  gained: ["▲", "relevant after, not before: should rise"],
  kept: ["●", "relevant under both: should stay"],
  relevant: ["●", "relevant"],
  neither: ["○", "relevant under another view only"],
  off: ["·", "relevant under no view"],
};

class OpenTopic {
  constructor(explorer, topic, retriever, [before, after]) {
    Object.assign(this, { explorer, data: explorer.data, topic, before, after });
    this.content = make("div", { class: "inside" }, this.asked(), this.values());
    this.slope = make("div");
    this.slope.addEventListener("mouseleave", () => this.point(this.reading));
    this.reader = make("div", { class: "reader", "aria-live": "polite" });
    this.content.append(this.choices(retriever), this.slope, this.reader);
    this.show(retriever);
  }

  view(place) {
    return this.data.views[place];
  }

  asked() {
    const { topic, before, after } = this;
    const told = topic.asked.map((asked, place) => [place, asked]).filter(([, asked]) => asked);
    if (!told.length) return make("p", { class: "remark" }, `How it was asked is not shown: texts are ${this.data.missing}.`);
    const oneQuery = told.every(([, [query]]) => query === told[0][1][0]);
    const list = make("dl", { class: "wordings" });
    const add = (name, ...lines) => list.append(make("div", {}, make("dt", {}, name), make("dd", {}, ...lines)));
    if (oneQuery) add("query", make("p", {}, told[0][1][0]));
    const first = (place) => (place === before ? 0 : place === after ? 1 : 2);
    for (const [place, [query, instruction]] of told.sort(([a], [b]) => first(a) - first(b))) {
      const base = topic.asked[place === before ? after : before] ?? topic.asked[before];
      const words = (mine, other) => {
        if (!mine) return make("p", { class: "remark" }, "no instruction");
        if (!base || base[1] === "") return make("p", {}, mine);
        return place === before ? marked(compareWords(mine, other)[0], "del") : marked(compareWords(other, mine)[1], "ins");
      };
      add(this.view(place), oneQuery ? null : make("p", { class: "query" }, query), words(instruction, base?.[1] ?? ""));
    }
    return list;
  }

  values() {
    const { retrievers, columns } = this.data;
    return make(
      "div",
      { class: "scrolled", tabindex: "0", role: "region", "aria-label": "Values of this topic" },
      tableOf(
        "What it counts",
        ["retriever", ...columns.map((column) => column.label)],
        retrievers.map(({ mark, name }, r) => [
          `${mark} ${name}`,
          ...columns.map((column, c) => figure(column, this.topic.values[r][c])),
        ]),
      ),
    );
  }

  choices(chosen) {
    const buttons = this.data.retrievers.map(({ name, mark, hue }, place) => {
      const button = make("button", { type: "button", class: `hue-${hue}`, "aria-pressed": place === chosen }, make("b", {}, mark), ` ${name}`);
      button.addEventListener("click", () => {
        for (const other of buttons) other.setAttribute("aria-pressed", other === button);
        this.show(place);
      });
      return button;
    });
    return make("div", { class: "choices", role: "group", "aria-label": "Whose rankings" }, make("h3", {}, "Rankings of"), ...buttons);
  }

  relevant(document, view) {
    const grade = this.topic.documents[document][1][view];
    return grade !== null && grade !== undefined && grade >= this.data.grade;
  }

  kind(document) {
    const [was, is] = [this.relevant(document, this.before), this.relevant(document, this.after)];
    if (this.after === undefined) return was ? "relevant" : "off";
    if (was || is) return was && is ? "kept" : was ? "lost" : "gained";
    return this.data.views.some((_, view) => this.relevant(document, view)) ? "neither" : "off";
  }

  name(document) {
    const [title, text] = this.explorer.text(this.topic.documents[document][0]) ?? [];
    return title || text?.slice(0, 80) || this.topic.documents[document][0];
  }

  // Documents of one side from the first rank on: [document, rank, score].
  side(ranking, view) {
    if (view === undefined) return [];
    return ranking.documents
      .map((document, row) => [document, ranking.ranks[view][row], ranking.scores[view][row]])
      .filter(([, rank]) => rank !== null)
      .sort(([, a], [, b]) => a - b);
  }

  show(retriever) {
    const ranking = this.topic.rankings[retriever];
    const sides = [this.side(ranking, this.before), this.side(ranking, this.after)];
    if (!sides[0].length && !sides[1].length) {
      this.slope.replaceChildren(make("p", { class: "remark" }, "Its rankings do not lie beside its record."));
      return;
    }
    const lists = sides.map((side, s) =>
      make("ol", { class: "side", "aria-label": `Ranking under ${this.view(s ? this.after : this.before)}` }, ...side.map((row) => this.row(row))),
    );
    const heads = [this.before, this.after].filter((view) => view !== undefined).map((view) => make("h4", {}, this.view(view)));
    if (this.after === undefined) this.slope.replaceChildren(this.key(sides), make("div", { class: "slope single" }, heads[0], lists[0]));
    else this.slope.replaceChildren(this.key(sides), make("div", { class: "slope" }, heads[0], make("span"), heads[1], lists[0], this.lines(sides), lists[1]));
  }

  key(sides) {
    const present = new Set(sides.flat().map(([document]) => this.kind(document)));
    const items = Object.entries(KINDS).filter(([kind]) => present.has(kind));
    return make("ul", { class: "kinds" }, ...items.map(([kind, [sign, about]]) => make("li", { class: kind }, make("b", { "aria-hidden": "true" }, sign), ` ${about}`)));
  }

  row([document, rank, score]) {
    const kind = this.kind(document);
    const button = make(
      "button",
      { type: "button", "data-document": document, title: this.name(document) },
      make("span", { class: "rank" }, unseen("rank "), rank),
      make("span", { class: "sign", "aria-hidden": "true" }, KINDS[kind][0]),
      make("span", { class: "title" }, this.name(document)),
      make("span", { class: "score" }, unseen("score "), score === null ? "" : String(score).replace("-", "−")),
      unseen(`, ${KINDS[kind][1]}`),
    );
    button.addEventListener("click", () => this.read(document));
    button.addEventListener("mouseenter", () => this.point(document));
    button.addEventListener("focus", () => this.point(document));
    return make("li", { class: kind }, button);
  }

  lines([left, right]) {
    const places = new Map(right.map(([document], place) => [document, place]));
    const rows = Math.max(left.length, right.length);
    const paths = left.flatMap(([document], place) => {
      if (!places.has(document)) return [];
      const [from, to] = [place + 0.5, places.get(document) + 0.5];
      return draw("path", { class: this.kind(document), "data-document": document, d: `M0 ${from}C45 ${from} 55 ${to} 100 ${to}` });
    });
    return draw("svg", { viewBox: `0 0 100 ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" }, ...paths);
  }

  point(document) {
    for (const part of this.slope.querySelectorAll("[data-document]")) part.classList.toggle("on", part.dataset.document === String(document));
  }

  read(document) {
    this.reading = document;
    this.point(document);
    const { data, topic } = this;
    const [id] = topic.documents[document];
    const [title, text, facts] = this.explorer.text(id) ?? ["", "", []];
    const missing = this.explorer.textsAreMissing();
    this.reader.replaceChildren(
      make("h3", {}, title || id),
      make("p", { class: "remark" }, `document ${id}`),
      text ? make("p", { class: "text", tabindex: "0" }, text) : make("p", { class: "remark" }, missing),
      facts.length ? make("dl", {}, ...facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)))) : "",
      tableOf(
        "What it met and broke, and where it stood",
        ["asked as", "the instruction", ...data.retrievers.map(({ mark, name }) => `${mark} ${name}`)],
        data.views.map((_, place) => [this.rule(place), this.judged(document, place), ...topic.rankings.map((ranking) => this.stood(ranking, document, place))]),
      ),
    );
    this.reader.scrollIntoView({ block: "nearest" });
  }

  rule(view) {
    const instruction = this.topic.asked[view]?.[1];
    return make("span", {}, this.view(view), instruction ? make("span", { class: "rule" }, instruction) : null);
  }

  judged(document, view) {
    const grade = this.topic.documents[document][1][view];
    if (grade === null || grade === undefined) return "not judged";
    if (this.relevant(document, view)) return `meets it (grade ${grade})`;
    const onTopic = this.data.views.some((_, other) => this.relevant(document, other));
    return onTopic ? `breaks it (grade ${grade})` : `off topic (grade ${grade})`;
  }

  stood(ranking, document, view) {
    const row = ranking.documents.indexOf(document);
    const rank = row < 0 ? null : ranking.ranks[view][row];
    return rank === null ? "–" : `rank ${rank}, ${String(ranking.scores[view][row]).replace("-", "−")}`;
  }
}
