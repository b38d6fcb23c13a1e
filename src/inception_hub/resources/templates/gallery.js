"use strict";
// Searches, filters and sorts the cards. Without scripts the page shows all of them in the order of the run.
const controls = document.getElementById("controls");
const list = document.querySelector("main > ul");
const cards = [...list.children].map((item, place) => {
  const labels = [...item.querySelectorAll(".label")].map((label) => label.textContent);
  const path = item.querySelector("h2").title;
  return {
    item, place, path, label: labels[0],
    failed: item.querySelector(".error") !== null, unknown: "unknown" in item.dataset,
    probability: Number(item.dataset.probability),
    text: [path, ...labels].join("\n").toLowerCase(),
  };
});
const named = new Intl.Collator(undefined, { numeric: true }).compare;
const failed = (card) => card.failed;
const errorsLast = (one, other) => failed(one) - failed(other);
const orders = {
  given: (one, other) => one.place - other.place,
  surest: (one, other) => errorsLast(one, other) || other.probability - one.probability,
  unsure: (one, other) => errorsLast(one, other) || one.probability - other.probability,
  label: (one, other) => errorsLast(one, other) || named(one.label ?? "", other.label ?? "") || orders.surest(one, other),
  path: (one, other) => named(one.path, other.path),
};

function options() {
  const counts = new Map();
  for (const { label } of cards.filter((card) => card.label !== undefined)) counts.set(label, 1 + (counts.get(label) ?? 0));
  for (const [label, count] of [...counts].sort(([one], [other]) => named(one, other))) {
    controls.elements.label.append(new Option(`${label} (${count.toLocaleString("en")})`, label));
  }
}

function matches(card, wanted) {
  if (!wanted.words.every((word) => card.text.includes(word))) return false;
  if (failed(card)) return wanted.errors && wanted.label === null;
  return wanted.photos && (card.unknown || !wanted.unknown) && (wanted.label === null || card.label === wanted.label)
    && card.probability >= wanted.from && card.probability <= wanted.to;
}

function update() {
  const { search, label, state, from, to, order } = controls.elements;
  const bounded = from.value !== "" || to.value !== "";
  const wanted = {
    words: search.value.toLowerCase().split(/\s+/).filter(Boolean),
    label: label.selectedIndex ? label.value : null,
    photos: state.value !== "errors",
    unknown: state.value === "unknown",
    errors: ["all", "errors"].includes(state.value) && !bounded, // an error has no probability
    from: from.value === "" ? 0 : from.value / 100,
    to: to.value === "" ? 1 : to.value / 100,
  };
  const found = cards.filter((card) => matches(card, wanted)).sort(orders[order.value]);
  list.replaceChildren(...found.map((card) => card.item)); // to hide thousands in place takes browsers a minute
  tell(found.length);
}

function tell(count) {
  const all = `${cards.length.toLocaleString("en")} ${cards.length === 1 ? "photo" : "photos"}`;
  document.getElementById("count").textContent =
    count === cards.length ? all : `${count.toLocaleString("en")} of ${all}`;
}

const few = cards.length <= 4; // seen at a glance: nothing to search
options();
if (few) document.getElementById("count").hidden = true;
tell(cards.length);
controls.elements.state.querySelector("[value=unknown]").hidden = !cards.some((card) => card.unknown);
controls.elements.state.parentElement.hidden = !cards.some((card) => failed(card) || card.unknown);
controls.hidden = few;
controls.addEventListener("input", update);
controls.addEventListener("submit", (event) => event.preventDefault());
controls.addEventListener("reset", () => setTimeout(update)); // once the fields have been emptied

// A heatmap that the keyboard brings up is said to screen readers.
list.addEventListener("focusin", (event) => {
  const row = event.target.closest("ol > li");
  if (!row) return;
  const heatmaps = row.closest("article").querySelectorAll(".heat");
  const number = [...row.parentElement.children].indexOf(row);
  document.getElementById("said").textContent = heatmaps[number]?.alt ?? "";
});
