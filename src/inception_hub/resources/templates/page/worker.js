// The network in a worker, so that the page stays responsive: photos in, predictions and heatmaps out, one at a time.
// It runs by onnxruntime-web: a script in base64, and WebAssembly that was packed by gzip before.
import { heatmap, placeOf } from "./drawing.js";
import { resized, visibleFractions } from "./resize.js";

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
      const pixels = resized((...part) => read(photo, ...part), photo.width, photo.height, size, settings.preset);
      return (await session.run({ images: new ort.Tensor("float32", pixels, [1, ...size, 3]) }, [output]))[output];
    };
    const answer = task === "classify"
      ? best(await run(settings.size, "logits"), top)
      : heatmaps(await run(settings.map_size, "evidence"), classes, photo);
    self.postMessage({ number, answer });
  } catch (error) {
    self.postMessage({ number, error: error.message });
  } finally {
    photo.close();
  }
}

async function start({ script, binary, graph }) {
  try {
    const [wasmBinary, model] = await Promise.all([binary, graph].map(unpacked));
    const ort = await import(`data:text/javascript;base64,${script}`);
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
  const gzip = new DecompressionStream("gzip");
  const writer = gzip.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const [content] = await Promise.all([new Response(gzip.readable).arrayBuffer(), written]);
  return new Uint8Array(content);
}

// Some of a photo's pixels as RGBA, what is transparent over white.
function read(photo, top, left, rows, columns) {
  const context = new OffscreenCanvas(columns, rows).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, columns, rows);
  context.drawImage(photo, left, top, columns, rows, 0, 0, columns, rows);
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

function heatmaps({ data, dims: [, rows, columns, all] }, classes, photo) {
  const visible = visibleFractions(photo.height, photo.width, settings.size, settings.preset);
  return classes.map((index) => {
    const map = { values: Array.from({ length: rows * columns }, (_, at) => data[at * all + index]), rows, columns };
    return { pixels: heatmap(map, settings.side, { visible, ...settings.drawing }), place: placeOf(map, visible) };
  });
}
