// The network in a worker, so that the page stays responsive: photos in, predictions and heatmaps out, one at a time.
// It runs by onnxruntime-web, whose script and WebAssembly come as text: gzip, then base64.
import { heatmap, placeOf } from "./drawing.js";
import { resized } from "./resize.js";

let settings;
let started; // the promise of onnxruntime-web and its session
let queue = Promise.resolve();

self.onmessage = ({ data }) => {
  if (data.settings) {
    settings = data.settings;
    started = start(data);
    started.catch(() => {}); // every question tells it
    return;
  }
  queue = queue.then(() => reply(data));
};

async function reply({ number, task, photo, top, classes }) {
  try {
    const { ort, session } = await started;
    const run = async (size, output) => {
      const images = new ort.Tensor("float32", await imageOf(photo, size), [1, ...size, 3]);
      return (await session.run({ images }, [output]))[output];
    };
    const answer = task === "classify"
      ? best(await run(settings.size, "logits"), top)
      : await heatmaps(await run(settings.map_size, "evidence"), classes);
    self.postMessage({ number, answer });
  } catch (error) {
    self.postMessage({ number, error: error.message });
  }
}

async function start({ script, binary, graph }) {
  try {
    const [source, wasmBinary, model] = await Promise.all([script, binary, graph].map(unpacked));
    const ort = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary }); // several threads need a server's headers
    return { ort, session: await ort.InferenceSession.create(model, { executionProviders: ["wasm"] }) };
  } catch (error) {
    throw new Error(`This browser cannot compute here (${error.message}); take a current one, such as Firefox or Chrome.`);
  }
}

async function unpacked(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = characters.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// float32 [height, width, 3] in [0, 1]. Browsers decode upright, and to sRGB unless the preset is exact.
async function imageOf(photo, size) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(photo, { colorSpaceConversion: settings.preset.exact ? "none" : "default" });
  } catch {
    throw new Error(`This is no image that this browser reads; give an intact ${settings.card.formats} file.`);
  }
  const { width, height } = bitmap;
  try {
    if (width * height > settings.most_pixels) {
      const most = settings.most_pixels.toLocaleString("en");
      throw new Error(`The photo has ${width} x ${height} pixels; at most ${most} are accepted: make it smaller.`);
    }
    return resized((...part) => read(bitmap, ...part), width, height, size, settings.preset);
  } finally {
    bitmap.close();
  }
}

// Some of a photo's pixels as RGBA, what is transparent over white.
function read(bitmap, top, left, rows, columns) {
  const context = new OffscreenCanvas(columns, rows).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, columns, rows);
  context.drawImage(bitmap, left, top, columns, rows, 0, 0, columns, rows);
  return context.getImageData(0, 0, columns, rows).data;
}

function best({ data }, top) {
  if (!data.every(Number.isFinite)) throw new Error("The module computed numbers that are not finite.");
  const most = Math.max(...data);
  const shares = Array.from(data, (logit) => Math.exp(logit - most));
  const sum = shares.reduce((one, other) => one + other, 0);
  const order = [...shares.keys()].sort((one, other) => shares[other] - shares[one]); // stable: lower index first
  return order.slice(0, top).map((index) => ({
    label: settings.labels[index], index, probability: shares[index] / sum,
  }));
}

async function heatmaps({ data, dims: [, rows, columns, all] }, classes) {
  return Promise.all(classes.map(async (index) => {
    const values = Array.from({ length: rows * columns }, (_, at) => data[at * all + index]);
    const map = { values, rows, columns };
    const canvas = new OffscreenCanvas(settings.side, settings.side);
    const pixels = heatmap(map, settings.side, { visible: settings.preset.visible, ...settings.drawing });
    canvas.getContext("2d").putImageData(new ImageData(pixels, settings.side), 0, 0);
    return { picture: await canvas.convertToBlob(), place: placeOf(map) };
  }));
}
