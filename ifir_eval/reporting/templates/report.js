"use strict";
{% include "report_elements.js" %}
{% include "report_topic.js" %}
{% include "report_topics.js" %}
document.querySelectorAll("table.standings").forEach(makeSortable);
const explorers = [...document.querySelectorAll(".explorer")].map((section) => new Explorer(section));
const follow = () => explorers.some((explorer) => explorer.show(location.hash));
window.addEventListener("hashchange", follow);
follow();
