// What request.js asks of a server, in the page that computes by itself: a worker has the network and answers.
const text = (id) => document.getElementById(id).textContent;
const taken = (id) => { // the page need not keep megabytes of text
  const content = text(id);
  document.getElementById(id).remove();
  return content;
};
const blobUrl = (content, type) => URL.createObjectURL(new Blob([content], { type }));
const settings = JSON.parse(text("settings"));
const pending = new Map(); // by number of the question
let asked = 0;

const worker = new Worker(blobUrl(text("worker"), "text/javascript"));
worker.onmessage = ({ data: { number, answer, error } }) => {
  const { resolve, reject } = pending.get(number);
  pending.delete(number);
  if (error === undefined) resolve(answer);
  else reject(new Error(error));
};
worker.postMessage({ settings, script: taken("script"), binary: taken("binary"), graph: taken("graph") });

function ask(task, content) {
  return new Promise((resolve, reject) => {
    pending.set(asked, { resolve, reject });
    worker.postMessage({ number: asked, task, ...content });
    asked += 1;
  });
}

export const describe = async () => settings.card;

export const example = async () => {
  const bytes = Uint8Array.from(atob(text("example.jpg")), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "image/jpeg" });
};

export const classify = (photo, top) => ask("classify", { photo, top });

export const explain = async (photo, predictions) => {
  const heatmaps = await ask("explain", { photo, classes: predictions.map(({ index }) => index) });
  return predictions.map((prediction, at) => ({
    ...prediction,
    place: heatmaps[at].place,
    heatmap: URL.createObjectURL(heatmaps[at].picture),
  }));
};
