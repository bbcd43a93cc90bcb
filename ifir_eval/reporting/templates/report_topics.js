// The topics of one benchmark: a line each, filtered, ordered, and opened on demand.
class Explorer {
  constructor(section) {
    this.section = section;
    this.anchor = section.dataset.anchor;
    this.data = JSON.parse(section.querySelector(".data").textContent);
    this.form = section.querySelector(".controls");
    this.list = section.querySelector(".topics");
    this.makeControls();
    this.lines = this.data.topics.map((topic, place) => this.makeLine(topic, place));
    this.byAddress = new Map(this.lines.map((line) => [line.element.id, line]));
    this.head = make("div", { class: "head", "aria-hidden": "true" });
    this.list.append(this.head, ...this.lines.map((line) => line.element));
    this.form.addEventListener("change", () => this.update());
    this.form.addEventListener("reset", () => setTimeout(() => this.update()));
    this.update();
  }

  makeControls() {
    const { columns, retrievers, contrasts, views, slices, topics } = this.data;
    const names = retrievers.map(({ mark, name }, place) => [place, `${mark} ${name}`]);
    const many = retrievers.length > 1;
    const select = (label, name, options, chosen = 0) => {
      if (options.length < 2) return null;
      const choices = options.map(([value, text], place) => fill(make("option", { value }, text), place === chosen ? { selected: "" } : {}, []));
      return make("label", {}, label, make("select", { name }, ...choices));
    };
    const ordered = [["asked", "as asked"], ...(many ? [["difference", "largest difference"]] : []), ["moved", "documents moved most"], ["high", "highest value"], ["low", "lowest value"]];
    const sliced = slices.map((name, place) => {
      const values = [...new Set(topics.map((topic) => topic.slices[place]).filter((value) => value !== null))].sort();
      return select(name, `slice-${place}`, [["", "all"], ...values.map((value) => [value, value])]);
    });
    this.form.append(
      ...[
        select("Measure", "column", columns.map((column, place) => [place, column.label])),
        select("Retriever", "retriever", names, many ? retrievers.length - 1 : 0),
        select("Against", "other", names),
        select("Turn", "contrast", contrasts.map(([before, after], place) => [place, `${views[before]} to ${views[after]}`])),
        many ? select("Outcome", "outcome", [["", "all"], ["won", "won"], ["tied", "tied"], ["lost", "lost"]]) : null,
        ...sliced,
        select("Order", "order", ordered),
        make("button", { type: "reset" }, "Show all"),
      ].filter(Boolean),
    );
  }

  makeLine(topic, place) {
    const line = { topic, place, opened: "", cells: [0, 1, 2].map(() => make("span", { class: "figure" })) };
    const slices = topic.slices.filter((value) => value !== null).join(" · ");
    line.element = make(
      "details",
      { class: "topic", id: `${this.anchor}:${topic.id}` },
      make("summary", {}, make("span", { class: "name" }, topic.id), unseen(", "), make("span", { class: "slices" }, slices), ...line.cells),
    );
    line.element.addEventListener("toggle", () => this.open(line));
    return line;
  }

  // What the form says: numbers for places, texts for the rest.
  chosen() {
    const given = Object.fromEntries(new FormData(this.form));
    const place = (name) => Number(given[name] ?? 0);
    return { ...given, column: place("column"), retriever: place("retriever"), other: place("other"), contrast: place("contrast") };
  }

  update() {
    const now = this.chosen();
    const column = this.data.columns[now.column];
    const paired = now.retriever !== now.other && this.data.retrievers.length > 1;
    const shownAs = { ...column, signed: true };
    this.list.classList.toggle("alone", !paired);
    for (const line of this.lines) {
      const [mine, others] = [now.retriever, now.other].map((who) => line.topic.values[who][now.column]);
      line.value = mine;
      line.change = mine === null || others === null || !paired ? null : mine - others;
      const gain = line.change === null ? null : line.change * (column.better || 1);
      line.outcome = gain === null ? "" : Math.abs(gain) < 1e-9 ? "tied" : gain > 0 ? "won" : "lost";
      line.element.hidden = !this.admits(line, now);
      this.write(line, [figure(column, mine), figure(column, others), figure(shownAs, line.change)], now);
      if (line.element.open) this.open(line);
    }
    this.order(now);
    this.label(now);
  }

  admits({ topic, outcome }, now) {
    return (!now.outcome || outcome === now.outcome) && topic.slices.every((value, place) => !now[`slice-${place}`] || value === now[`slice-${place}`]);
  }

  write(line, texts, now) {
    const { retrievers } = this.data;
    const said = [retrievers[now.retriever].name, retrievers[now.other].name, line.outcome || "difference"];
    line.cells.forEach((cell, place) => cell.replaceChildren(unseen(`, ${said[place]} `), texts[place]));
    line.cells[2].className = `figure change ${line.outcome}`;
  }

  label(now) {
    const { retrievers, columns } = this.data;
    const [mine, others] = [retrievers[now.retriever], retrievers[now.other]];
    const names = ["topic", this.data.slices.join(" · "), mine.mark, others.mark, `${mine.mark} − ${others.mark}`];
    this.head.replaceChildren(...names.map((name) => make("span", {}, name)));
    const count = this.lines.filter((line) => !line.element.hidden).length;
    const against = this.list.classList.contains("alone") ? "" : `, ${mine.name} (${mine.mark}) against ${others.name} (${others.mark})`;
    this.section.querySelector(".shown").textContent = `${count} of ${this.lines.length} topics by ${columns[now.column].label}${against}.`;
  }

  order(now) {
    const key = {
      asked: (line) => -line.place,
      difference: (line) => Math.abs(line.change ?? 0),
      moved: (line) => this.moved(line.topic, now),
      high: (line) => line.value ?? -Infinity,
      low: (line) => -(line.value ?? Infinity),
    }[now.order];
    const keys = new Map(this.lines.map((line) => [line, key(line)]));
    const sorted = [...this.lines].sort((a, b) => keys.get(b) - keys.get(a) || a.place - b.place);
    if (sorted.some((line, place) => line !== (this.sorted ?? this.lines)[place])) this.list.append(...sorted.map((line) => line.element));
    this.sorted = sorted;
  }

  // By how many ranks the shown documents moved on average.
  moved(topic, { retriever, contrast }) {
    const [before, after] = this.turn(topic, contrast);
    const { ranks } = topic.rankings[retriever];
    if (after === undefined || !ranks[before].length) return 0;
    const moves = ranks[before].map((rank, row) => (rank === null || ranks[after][row] === null ? 0 : Math.abs(rank - ranks[after][row])));
    return moves.reduce((sum, move) => sum + move, 0) / moves.length;
  }

  // The two views whose rankings stand side by side: of the chosen contrast, or of one that the topic has.
  turn(topic, contrast) {
    const has = (view) => topic.rankings.some((ranking) => ranking.ranks[view]?.some((rank) => rank !== null));
    const wanted = [this.data.contrasts[contrast], ...this.data.contrasts].find((views) => views?.every(has));
    return wanted ?? [Math.max(0, this.data.views.findIndex((_, view) => has(view)))];
  }

  open(line) {
    const { retriever, contrast } = this.chosen();
    const state = `${retriever} ${contrast}`;
    if (!line.element.open || line.opened === state) return;
    if (!this.texts) return void (this.unpacking ??= this.unpack()).then(() => this.open(line));
    line.opened = state;
    line.element.querySelector(".inside")?.remove();
    const topic = new OpenTopic(this, line.topic, retriever, this.turn(line.topic, contrast));
    topic.content.prepend(make("p", { class: "address" }, make("a", { href: `#${encodeURIComponent(line.element.id)}` }, "Link to this topic")));
    line.element.append(topic.content);
  }

  // Read the documents' texts, when a topic is first opened.
  async unpack() {
    const { documents, cut } = JSON.parse(this.section.querySelector(".texts").textContent);
    this.cut = cut;
    try {
      const packed = Uint8Array.from(atob(documents), (byte) => byte.charCodeAt(0));
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
      this.texts = await new Response(stream).json();
    } catch {
      this.texts = {};
      this.data.missing ||= "packed in a way that this browser cannot read";
    }
  }

  // Title, text and facts of a document; undefined where they are missing.
  text(document) {
    return Object.hasOwn(this.texts, document) ? this.texts[document] : undefined;
  }

  textsAreMissing() {
    if (this.data.missing) return `Texts are ${this.data.missing}.`;
    return this.cut === 0 ? "This page has no room for texts." : "It has no text.";
  }

  // Open the topic at `hash`, whatever the filters say; false if it is none of ours.
  show(hash) {
    let address;
    try {
      address = decodeURIComponent(hash.slice(1));
    } catch {
      return false;
    }
    const line = this.byAddress.get(address);
    if (!line) return false;
    if (line.element.hidden) {
      this.form.reset();
      this.update();
    }
    line.element.open = true;
    this.open(line);
    line.element.scrollIntoView();
    line.element.firstElementChild.focus({ preventScroll: true });
    return true;
  }
}
