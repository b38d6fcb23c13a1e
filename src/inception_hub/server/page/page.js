"use strict";
// Photos are sent one after another, so that a folder of them does not occupy the whole server.
const element = (id) => document.getElementById(id);
const copy = (id) => element(id).content.firstElementChild.cloneNode(true);
const percent = (share) => `${(100 * share).toFixed(1)}%`;
const TRIES = 5;
let endpoint = "explain?top=5";
let queue = Promise.resolve();
let waiting = 0;

function add(files) {
  for (const file of files) {
    const item = copy("photo");
    const picture = item.querySelector(".photo");
    item.querySelector("h2").textContent = file.name || "Pasted photo";
    picture.alt = `The photo ${file.name || "you pasted"}`;
    picture.onerror = () => { picture.hidden = true; }; // such as TIFF, which browsers do not show
    picture.src = URL.createObjectURL(file);
    item.querySelector(".wait").hidden = false;
    element("photos").prepend(item);
    waiting += 1;
    say();
    queue = queue.then(() => classify(file, item));
  }
}

function say(sentence = "") {
  element("status").textContent = waiting ? `${waiting} ${waiting === 1 ? "photo" : "photos"} to go` : sentence;
}

async function classify(file, item) {
  let sentence;
  try {
    const result = await request(file);
    show(result, item);
    const best = result.predictions[0];
    sentence = `${file.name || "The photo"}: ${best.label}, ${percent(best.probability)}`;
  } catch (error) {
    const place = item.querySelector(".error");
    place.hidden = false;
    place.textContent = error.message; // an alert: screen readers say it
  }
  item.querySelector(".wait").hidden = true;
  waiting -= 1;
  say(sentence);
}

async function request(file, tries = TRIES) {
  let response;
  try {
    response = await fetch(endpoint, { method: "POST", body: file });
  } catch {
    throw new Error("The server cannot be reached.");
  }
  if ((response.status === 429 || response.status === 503) && tries > 1) {
    const seconds = Number(response.headers.get("Retry-After")) || 1;
    await new Promise((done) => setTimeout(done, 1000 * seconds));
    return request(file, tries - 1);
  }
  const result = await response.json();
  if (!response.ok) throw new Error(result.error);
  return result;
}

function show(result, item) {
  const list = item.querySelector("ol");
  for (const prediction of result.predictions) {
    const row = copy("class");
    const button = row.firstElementChild;
    row.querySelector(".label").textContent = prediction.label;
    row.querySelector(".percent").textContent = percent(prediction.probability);
    row.querySelector("i").style.width = percent(prediction.probability);
    button.addEventListener("click", () => toggle(button, prediction, result, item));
    list.append(row);
  }
}

// Lays a class's heatmap over the photo, or takes it away again.
function toggle(button, prediction, result, item) {
  const on = button.getAttribute("aria-pressed") === "false";
  for (const other of item.querySelectorAll("button")) other.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", String(on));
  const heat = item.querySelector(".heat");
  heat.hidden = !on;
  item.querySelector(".legend").hidden = !on;
  if (on) {
    const edge = `${50 * (1 - result.part)}%`; // the network sees the central part
    Object.assign(heat.style, { left: edge, top: edge, width: `${100 * result.part}%`, height: `${100 * result.part}%` });
    heat.src = prediction.heatmap;
    heat.alt = `Heatmap: the parts of the photo that support ${prediction.label}`;
    item.querySelector(".legend img").src = result.legend;
  }
}

async function describe() {
  const card = await (await fetch("card")).json();
  element("module").textContent = card.name;
  document.title = `Inception Hub: ${card.name}`;
  if (!card.classes) {
    element("drop").replaceChildren("This module has no classes, only feature vectors, which programs can request.");
    endpoint = "";
  }
  const facts = {
    "Classes": card.classes.toLocaleString("en"),
    "Photos are seen at": `${card.image_size[1]} × ${card.image_size[0]} px`,
    "Parameters": card.parameters.toLocaleString("en"),
    "Arithmetic": card.precision,
    "From": card.source,
    "Licence": card.licence,
  };
  for (const figures of card.accuracy) {
    if (figures.top1) facts[`Top-1, ${figures.data}, ${figures.precision ?? "f32"}`] = percent(figures.top1);
  }
  for (const [name, value] of Object.entries(facts)) {
    const term = document.createElement("dt");
    const fact = document.createElement("dd");
    term.textContent = name;
    fact.textContent = value;
    document.querySelector("#card dl").append(term, fact);
  }
  const text = document.querySelector("#card pre");
  text.textContent = card.card;
  text.hidden = !card.card;
}

const images = (data) => [...data.files].filter((file) => file.type.startsWith("image/"));
const drop = element("drop");
element("files").addEventListener("change", (event) => { add(event.target.files); event.target.value = ""; });
document.addEventListener("paste", (event) => add(images(event.clipboardData)));
document.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  add(images(event.dataTransfer));
});
describe();
