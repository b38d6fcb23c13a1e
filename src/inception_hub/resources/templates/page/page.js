// Photos are answered one after another, so that a folder of them does not occupy the whole server.
import { droppedFolder, photosOf } from "./folders.js";
import { offerHeatmaps } from "./heatmaps.js";
import { rendered } from "./markdown.js";
import { classify, describe, example } from "./request.js";

const TOP = 5;
const element = (id) => document.getElementById(id);
const copy = (id) => element(id).content.firstElementChild.cloneNode(true);
const percent = (share) => `${(100 * share).toFixed(1)}%`;
const size = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
let card = {}; // facts about the module and the server
let queue = Promise.resolve();
let waiting = 0;
let done = []; // a sentence on each photo since none was waiting, null for one in error
let leftOut = 0; // files of folders that are no photos, since then

// Shows photos, [{ file, name }], above those that are there, and names them in their order.
function add(photos) {
  const items = photos.map(({ file, name }) => {
    const reason = refusal(file, name);
    return reason ? refused(name, reason) : sent(file, name);
  });
  put(...items);
}

function put(...items) {
  element("photos").prepend(...items);
  element("example").hidden = true;
}

const named = (file) => ({ file, name: file.webkitRelativePath || file.name || "Pasted photo" });

// Why a file is not sent: what can be known here. The rest is told by who decodes it.
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

function refused(name, reason) {
  const item = newItem(name);
  item.querySelector("figure").hidden = true;
  fail(item, reason);
  return item;
}

function newItem(name) {
  const item = copy("photo");
  item.querySelector("h2").textContent = name;
  return item;
}

function fail(item, reason) {
  const place = item.querySelector(".error"); // an alert: screen readers say it
  place.hidden = false;
  place.textContent = reason;
}

function sent(file, name) {
  const item = newItem(name);
  const picture = item.querySelector(".photo");
  picture.alt = `The photo ${name}`;
  picture.onerror = () => { picture.hidden = true; }; // such as TIFF, which browsers do not show
  picture.src = URL.createObjectURL(file);
  item.querySelector(".wait").hidden = false;
  waiting += 1;
  say();
  queue = queue.then(() => answer(file, item, name));
  return item;
}

function say(sentence = "") {
  element("status").textContent = waiting ? `${counted(waiting, "photo")} to go` : sentence;
}

async function answer(file, item, name) {
  try {
    const predictions = await classify(file, TOP);
    item.querySelector("ol").replaceChildren(...predictions.map((prediction) => row(prediction)));
    offerHeatmaps(item, file, predictions);
    element("hint").hidden = false;
    done.push(`${name}: ${predictions[0].label}, ${percent(predictions[0].probability)}`);
  } catch (error) {
    fail(item, error.message);
    item.querySelector("figure").hidden = item.querySelector(".photo").hidden;
    done.push(null);
  }
  item.querySelector(".wait").hidden = true;
  waiting -= 1;
  say(waiting ? "" : summary());
}

// Of the photos since none was waiting: one by its best class, several by their number.
function summary() {
  const names = done.filter(Boolean);
  const failed = done.length - names.length;
  const photos = done.length > 1 ? `${counted(names.length, "photo")} named${failed ? `, ${failed} not` : ""}` : names[0] ?? "";
  const others = leftOut ? `${counted(leftOut, "other file")} left out, not photos by their kind` : "";
  [done, leftOut] = [[], 0];
  return [photos, others].filter(Boolean).join("; ");
}

function row(prediction) {
  const made = copy("class");
  made.querySelector(".label").textContent = prediction.label;
  made.querySelector(".percent").textContent = percent(prediction.probability);
  made.querySelector("i").style.width = percent(prediction.probability);
  return made;
}

async function show() {
  card = await describe();
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

// Of what was dropped or pasted, the files, and those in folders.
async function take(data, sentence) {
  if (card.classes === 0) return;
  const items = [...data.items].filter((item) => item.kind === "file");
  if (!items.length) return say(sentence);
  const given = items.map((item) => ({ folder: droppedFolder(item), file: item.getAsFile() })); // now: later they are gone
  add(given.filter(({ folder }) => !folder).map(({ file }) => named(file)));
  for (const { folder } of given.filter(({ folder }) => folder)) {
    try {
      addFolder(folder.name, await folder.files());
    } catch (error) {
      put(refused(folder.name, `${folder.name} cannot be read (${error.message}); choose its photos.`));
    }
  }
}

function addFolder(name, files) {
  const { photos, others, more, most } = photosOf(files);
  if (!photos.length) return put(refused(name, `${name} holds no photo; give a folder of photos.`));
  leftOut += others;
  add(photos);
  if (more) {
    put(refused(name, `${name} holds more than ${counted(most, "photo")}; the first are taken, the command line takes all.`));
  }
}

const drop = element("drop");
element("files").addEventListener("change", (event) => {
  add([...event.target.files].map(named));
  event.target.value = "";
});
element("folder").addEventListener("change", (event) => {
  const files = [...event.target.files].map(named);
  if (files.length) addFolder(files[0].name.split("/")[0], files);
  event.target.value = "";
});
element("example").querySelector("button").addEventListener("click", async () => {
  const photo = await example();
  add([{ file: photo, name: "example.jpg" }]);
});
document.addEventListener("paste", (event) => take(event.clipboardData, "What was pasted is no photo; copy a photo first."));
document.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer, "What was dropped is no file; save the photo, and drop its file.");
});
show();
