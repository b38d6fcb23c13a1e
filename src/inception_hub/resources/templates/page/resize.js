// Photos become images of a module's size as images/resize.py makes them: Pillow's antialiased filters, and the
// bilinear one of TensorFlow 1. An image is float32 [height, width, 3] in [0, 1].
const BAND = 1 << 22; // pixels that are looked at at once: some browsers' canvases hold no more than four times as many
const triangle = (x) => Math.max(0, 1 - Math.abs(x));

// The part of a side of `length` pixels that the network sees, rounded as tf.image.central_crop does it.
function central(length, fraction) {
  const start = Math.trunc((length - length * fraction) / 2);
  return { start, length: length - 2 * start };
}

// For each of `target` places over `span` pixels from `from` on, where it begins to look at a line of `length`
// pixels, and the weights of those that it looks at. `reach`: of the filter, in pixels.
export function taps(filter, reach, from, span, length, target) {
  const scale = span / target;
  const wider = Math.max(scale, 1);
  return Array.from({ length: target }, (_, at) => {
    const centre = from + (at + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach * wider + 0.5));
    const end = Math.min(length, Math.trunc(centre + reach * wider + 0.5));
    const weights = Float64Array.from({ length: end - first }, (_, k) => filter((first + k - centre + 0.5) / wider));
    const sum = weights.reduce((one, other) => one + other, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

// The image of a photo of `width` x `height` pixels; `read(top, left, rows, columns)` gives some of them as RGBA.
export function resized(read, width, height, size, { exact, visible }) {
  const across = central(width, visible);
  const down = central(height, visible);
  const part = (top, rows) => read(down.start + top, across.start, rows, across.length);
  return (exact ? sampled : antialiased)(part, across.length, down.length, size);
}

// Rows first, then columns, each rounded to whole levels.
function antialiased(part, width, height, [rows, columns]) {
  const across = taps(triangle, 1, 0, width, width, columns);
  const narrow = new Uint8ClampedArray(height * columns * 3);
  const step = Math.max(1, Math.floor(BAND / width));
  for (let top = 0; top < height; top += step) {
    const count = Math.min(step, height - top);
    const pixels = part(top, count);
    let to = top * columns * 3;
    for (let row = 0; row < count; row += 1) {
      for (const { first, weights } of across) {
        let [red, green, blue] = [0, 0, 0];
        for (let k = 0, from = (row * width + first) * 4; k < weights.length; k += 1, from += 4) {
          const weight = weights[k];
          red += weight * pixels[from];
          green += weight * pixels[from + 1];
          blue += weight * pixels[from + 2];
        }
        narrow[to++] = red;
        narrow[to++] = green;
        narrow[to++] = blue;
      }
    }
  }
  return shortened(narrow, columns * 3, height, rows);
}

function shortened(narrow, line, height, rows) {
  const levels = new Uint8ClampedArray(rows * line);
  const sums = new Float64Array(line);
  for (const [row, { first, weights }] of taps(triangle, 1, 0, height, height, rows).entries()) {
    sums.fill(0);
    for (const [k, weight] of weights.entries()) {
      const from = (first + k) * line;
      for (let at = 0; at < line; at += 1) sums[at] += weight * narrow[from + at];
    }
    levels.set(sums, row * line);
  }
  return Float32Array.from(levels, (level) => level / 255);
}

// `target * scale`, without half-pixel centres and without antialiasing, in float32.
function sampled(part, width, height, [rows, columns]) {
  const across = sources(width, columns);
  const image = new Float32Array(rows * columns * 3);
  const unit = Math.fround(1 / 255);
  const line = (row) => {
    const pixels = part(row, 1);
    const at = (column, channel) => Math.fround(pixels[column * 4 + channel] * unit);
    return across.flatMap(({ first, second, share }) => [0, 1, 2].map((channel) => {
      const left = at(first, channel);
      return Math.fround(left + (at(second, channel) - left) * share);
    }));
  };
  for (const [row, { first, second, share }] of sources(height, rows).entries()) {
    const [upper, lower] = [line(first), line(second)];
    image.set(upper.map((value, at) => value + (lower[at] - value) * share), row * columns * 3);
  }
  return image;
}

function sources(length, target) {
  const scale = Math.fround(length / target);
  return Array.from({ length: target }, (_, at) => {
    const position = Math.fround(at * scale);
    const first = Math.floor(position);
    return { first: Math.min(first, length - 1), second: Math.min(first + 1, length - 1), share: position - first };
  });
}
