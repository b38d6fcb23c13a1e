// Lays the heatmap of a class over its photo while the class is pointed at or focused, or for good once it is
// clicked or tapped. Heatmaps are asked for when the first of a photo is wanted.
import { explain } from "./request.js";

const said = document.getElementById("said");

export function offerHeatmaps(item, photo, predictions) {
  const buttons = [...item.querySelectorAll("ol button")];
  const heat = item.querySelector(".heat");
  const wait = item.querySelector(".wait");
  const place = item.querySelector(".no-heat"); // below the classes, which stay where the pointer is
  let explained = null; // the promise of all heatmaps of the photo
  let pinned = null;
  let pointed = null; // numbers of buttons

  async function update(aloud = false) {
    const number = pointed ?? pinned;
    for (const [at, button] of buttons.entries()) button.setAttribute("aria-pressed", String(at === pinned));
    heat.hidden = true;
    if (number === null) return;
    explained ??= explain(photo, predictions);
    try {
      wait.hidden = false;
      const found = (await explained).find((each) => each.index === predictions[number].index);
      if (number !== (pointed ?? pinned)) return; // another is wanted by now
      if (!found) throw new Error(`There is no heatmap of ${predictions[number].label}.`);
      heat.src = found.heatmap;
      heat.alt = `Heatmap of ${found.label}: strongest ${found.place}`;
      heat.hidden = false;
      place.hidden = true;
      if (aloud) said.textContent = heat.alt;
    } catch (error) {
      explained = null; // another try may succeed
      place.hidden = false;
      place.textContent = error.message;
    } finally {
      wait.hidden = true;
    }
  }

  function point(number, aloud) {
    pointed = number;
    update(aloud);
  }

  for (const [number, button] of buttons.entries()) {
    button.addEventListener("pointerenter", (event) => { if (event.pointerType !== "touch") point(number); });
    button.addEventListener("pointerleave", () => point(null));
    button.addEventListener("focus", () => { if (button.matches(":focus-visible")) point(number, true); });
    button.addEventListener("blur", () => point(null));
    button.addEventListener("click", () => {
      pinned = pinned === number ? null : number;
      point(null, true);
    });
  }
  item.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    pinned = null;
    point(null);
  });
}
