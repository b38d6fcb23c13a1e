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

// To the nearest whole number, of two the even one, as Python rounds.
const rounded = (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

// The image of a photo of `width` x `height` pixels; `read(top, left, rows, columns)` gives some of them as RGBA.
export function resized(read, width, height, size, { fit, fraction, exact, grey }) {
  if (fit === "crop") return cropped(read, width, height, size, fraction);
  if (fit === "pad") return padded(read, width, height, size, grey);
  const across = central(width, fraction);
  const down = central(height, fraction);
  const part = (top, rows) => read(down.start + top, across.start, rows, across.length);
  return exact ? sampled(part, across.length, down.length, size) : antialiased(
    part, whole(across.length), whole(down.length), size,
  );
}

// The parts of a photo's height and width that an image of `size` shows: above 1 where it shows grey, too.
export function visibleFractions(height, width, size, { fit, fraction }) {
  if (fit === "squash") return [fraction, fraction];
  const scales = [size[0] / height, size[1] / width];
  const scale = (fit === "crop" ? Math.max(...scales) : Math.min(...scales)) / fraction;
  return scales.map((each) => each / scale);
}

// The centre of the photo at the smallest scale at which no side is below the image's / `fraction`.
function cropped(read, width, height, size, fraction) {
  let [high, wide] = size.map((side) => Math.floor(side / fraction));
  if (high * width >= wide * height) wide = Math.floor((high * width) / height);
  else high = Math.floor((wide * height) / width);
  const across = shown(width, wide, size[1]);
  const down = shown(height, high, size[0]);
  const part = (top, rows) => read(down.first + top, across.first, rows, across.length);
  return antialiased(part, across, down, size);
}

// Of a side scaled from `length` to `scaled` pixels the pixels that its central `target` need, and where these lie.
function shown(length, scaled, target) {
  const scale = length / scaled;
  const start = rounded((scaled - target) / 2) * scale;
  const reach = Math.ceil(Math.max(scale, 1)) + 1; // of the filter, beyond what is shown
  const first = Math.max(0, Math.floor(start) - reach);
  const end = Math.min(length, Math.ceil(start + target * scale) + reach);
  return { first, length: end - first, from: start - first, span: target * scale };
}

// The whole photo at the largest scale at which it fits, centred, with grey beside it.
function padded(read, width, height, size, grey) {
  let [high, wide] = size;
  if (wide * height <= high * width) high = Math.max(1, rounded((wide * height) / width));
  else wide = Math.max(1, rounded((high * width) / height));
  const photo = antialiased((top, rows) => read(top, 0, rows, width), whole(width), whole(height), [high, wide]);
  const [rows, columns] = size;
  const [top, left] = [Math.floor((rows - high) / 2), Math.floor((columns - wide) / 2)];
  const image = new Float32Array(rows * columns * 3).fill(grey / 255);
  for (let row = 0; row < high; row += 1) {
    image.set(photo.subarray(row * wide * 3, (row + 1) * wide * 3), ((top + row) * columns + left) * 3);
  }
  return image;
}

const whole = (length) => ({ length, from: 0, span: length });

// Rows first, then columns, each rounded to whole levels. `wide`, `tall`: the length of what `part` gives, and
// which `span` of it, from `from` on, becomes the image.
function antialiased(part, wide, tall, [rows, columns]) {
  const [width, height] = [wide.length, tall.length];
  const across = taps(triangle, 1, wide.from, wide.span, width, columns);
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
  return shortened(narrow, columns * 3, taps(triangle, 1, tall.from, tall.span, height, rows));
}

function shortened(narrow, line, down) {
  const levels = new Uint8ClampedArray(down.length * line);
  const sums = new Float64Array(line);
  for (const [row, { first, weights }] of down.entries()) {
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
