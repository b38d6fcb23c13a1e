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
worker.onerror = () => { // its own errors are answers
  for (const { reject } of pending.values()) reject(new Error("This browser lets no worker run here; take another one."));
  pending.clear();
};
worker.postMessage({ settings, script: taken("script"), binary: taken("binary"), graph: taken("graph") });

// Photos are decoded here: in a page that is a file, WebKit lets no worker read a blob.
async function ask(task, photo, wanted) {
  const bitmap = await decoded(photo);
  return new Promise((resolve, reject) => {
    pending.set(asked, { resolve, reject });
    worker.postMessage({ number: asked, task, photo: bitmap, ...wanted }, [bitmap]);
    asked += 1;
  });
}

// Upright, and in sRGB unless the preset is exact.
async function decoded(photo) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(photo, { colorSpaceConversion: settings.preset.exact ? "none" : "default" });
  } catch {
    throw new Error(`This is no image that this browser reads; give an intact ${settings.card.formats} file.`);
  }
  const { width, height } = bitmap;
  if (width * height <= settings.most_pixels) return bitmap;
  bitmap.close();
  const most = settings.most_pixels.toLocaleString("en");
  throw new Error(`The photo has ${width} x ${height} pixels; at most ${most} are accepted: make it smaller.`);
}

export const describe = async () => settings.card;

export const example = async () => {
  const bytes = Uint8Array.from(atob(text("example.jpg")), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "image/jpeg" });
};

export const classify = (photo, top) => ask("classify", photo, { top });

export const explain = async (photo, predictions) => {
  const heatmaps = await ask("explain", photo, { classes: predictions.map(({ index }) => index) });
  return heatmaps.map(({ pixels, place }, at) => ({ ...predictions[at], place, heatmap: picture(pixels) }));
};

function picture(pixels) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = settings.side;
  canvas.getContext("2d").putImageData(new ImageData(pixels, settings.side), 0, 0);
  return canvas.toDataURL();
}
