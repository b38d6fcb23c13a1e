// Photos are sent one after another, so that a folder of them does not occupy the whole server.
import { offerHeatmaps } from "./heatmaps.js";
import { rendered } from "./markdown.js";
import { request } from "./request.js";

const element = (id) => document.getElementById(id);
const copy = (id) => element(id).content.firstElementChild.cloneNode(true);
const percent = (share) => `${(100 * share).toFixed(1)}%`;
const size = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
let card = {}; // facts about the module and the server
let queue = Promise.resolve();
let waiting = 0;

function add(files) {
  for (const file of files) {
    const name = file.name || "Pasted photo";
    const reason = refusal(file, name);
    if (reason) refuse(name, reason);
    else send(file, name);
  }
}

// Why a file is not sent: what can be known here. The rest the server tells.
function refusal(file, name) {
  if (!file.size) return `${name} is empty; give a photo.`;
  if (file.type && !/^(image\/|application\/octet-stream$)/.test(file.type)) {
    return `${name} is no photo but ${file.type}; give a ${card.formats ?? "JPEG or PNG"} file.`;
  }
  if (file.size > card.most_bytes) {
    return `${name} has ${size(file.size)} and at most ${size(card.most_bytes)} are accepted; make it smaller.`;
  }
  return null;
}

function refuse(name, reason) {
  const item = newItem(name);
  item.querySelector("figure").hidden = true;
  fail(item, reason);
}

function newItem(name) {
  const item = copy("photo");
  item.querySelector("h2").textContent = name;
  element("photos").prepend(item);
  element("example").hidden = true;
  return item;
}

function fail(item, reason) {
  const place = item.querySelector(".error"); // an alert: screen readers say it
  place.hidden = false;
  place.textContent = reason;
}

function send(file, name) {
  const item = newItem(name);
  const picture = item.querySelector(".photo");
  picture.alt = `The photo ${name}`;
  picture.onerror = () => { picture.hidden = true; }; // such as TIFF, which browsers do not show
  picture.src = URL.createObjectURL(file);
  item.querySelector(".wait").hidden = false;
  waiting += 1;
  say();
  queue = queue.then(() => classify(file, item, name));
}

function say(sentence = "") {
  element("status").textContent = waiting ? `${waiting} ${waiting === 1 ? "photo" : "photos"} to go` : sentence;
}

async function classify(file, item, name) {
  let sentence;
  try {
    const { predictions } = await request("classify?top=5", file);
    const rows = predictions.map((prediction) => row(prediction));
    item.querySelector("ol").replaceChildren(...rows);
    offerHeatmaps(item, file, predictions);
    element("hint").hidden = false;
    sentence = `${name}: ${predictions[0].label}, ${percent(predictions[0].probability)}`;
  } catch (error) {
    fail(item, error.message);
    item.querySelector("figure").hidden = item.querySelector(".photo").hidden;
  }
  item.querySelector(".wait").hidden = true;
  waiting -= 1;
  say(sentence);
}

function row(prediction) {
  const made = copy("class");
  made.querySelector(".label").textContent = prediction.label;
  made.querySelector(".percent").textContent = percent(prediction.probability);
  made.querySelector("i").style.width = percent(prediction.probability);
  return made;
}

async function describe() {
  card = await (await fetch("card")).json();
  element("module").textContent = card.name;
  document.title = `Inception Hub: ${card.name}`;
  element("example").hidden = !card.knows_example || element("photos").childElementCount > 0;
  if (!card.classes) {
    element("drop").replaceChildren("This module has no classes, only feature vectors, which programs can request.");
  }
  const facts = {
    "Classes": card.classes.toLocaleString("en"),
    "Photos are seen at": `${card.image_size[1]} × ${card.image_size[0]} px`,
    "Parameters": card.parameters.toLocaleString("en"),
    "Arithmetic": card.precision,
    "From": card.source,
    "Licence": card.licence,
  };
  for (const figures of card.card ? [] : card.accuracy) { // a card has its own table of them
    if (figures.top1) facts[`Top-1, ${figures.data}, ${figures.precision ?? "f32"}`] = percent(figures.top1);
  }
  for (const [name, value] of Object.entries(facts)) {
    const term = document.createElement("dt");
    const fact = document.createElement("dd");
    term.textContent = name;
    fact.textContent = value;
    document.querySelector("#card dl").append(term, fact);
  }
  element("card-text").append(rendered(card.card));
}

// Of what was dropped or pasted, the files; folders cannot be sent.
function take(data, sentence) {
  if (card.classes === 0) return;
  const items = [...data.items].filter((item) => item.kind === "file");
  for (const item of items) {
    const entry = item.webkitGetAsEntry?.();
    if (entry?.isDirectory) refuse(entry.name, `${entry.name} is a folder; open it, and drop the photos in it.`);
    else add([item.getAsFile()]);
  }
  if (!items.length) say(sentence);
}

const drop = element("drop");
element("files").addEventListener("change", (event) => { add(event.target.files); event.target.value = ""; });
element("example").querySelector("button").addEventListener("click", async () => {
  const photo = await (await fetch("example.jpg")).blob();
  add([new File([photo], "example.jpg", { type: photo.type })]);
});
document.addEventListener("paste", (event) => take(event.clipboardData, "What was pasted is no photo; copy a photo first."));
document.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer, "What was dropped is no file; save the photo, and drop its file.");
});
describe();
