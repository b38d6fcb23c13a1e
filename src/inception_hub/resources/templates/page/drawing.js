// Draws an activation map as images/heatmaps.py does: darker where it adds little to the class, lines around the rest.
import { taps } from "./resize.js";

const CENTRAL_FRACTION = 0.875; // of each side, that presets leave of a photo
const MOST_PADDED = 1000; // times a photo's side, which an image may show: more cannot be drawn
const ROWS = ["upper", "middle", "lower"];
const COLUMNS = ["left", "centre", "right"];

// Keys' cubic filter with a = -1/2, as Pillow's BICUBIC.
function cubic(x) {
  const far = Math.abs(x);
  if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
  return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
}

// RGBA of `side` x `side` pixels. `map`: { values, rows, columns }; `visible`: the parts of the photo's height and width
// that it covers.
export function heatmap({ values, rows, columns }, side, { visible, levels, reach, step, palette }) {
  const most = Math.max(1e-9, ...values);
  const shares = enlarged(values.map((value) => Math.max(value, 0) / most), rows, columns, side, visible);
  const steps = Math.round((2 * reach) / step) + 1;
  const pixels = new Uint8ClampedArray(4 * side * side);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const share = shares[y * side + x];
      const slope = Math.max(1e-4, Math.hypot(
        gradient((at) => shares[y * side + at], x, side), gradient((at) => shares[at * side + x], y, side),
      ));
      const index = levels.reduce((above, level) => {
        const inside = Math.min(reach, Math.max(-reach, (share - level) / slope));
        return steps * above + Math.round((inside + reach) / step);
      }, 0);
      pixels.set(palette[index], 4 * (y * side + x));
    }
  }
  return pixels;
}

// The ninth of the photo where the map has its maximum, in words, or nowhere if no place adds to the class.
export function placeOf({ values, rows, columns }, visible) {
  const most = Math.max(...values);
  if (most <= 0) return "nowhere";
  const at = values.indexOf(most);
  const vertical = ROWS[third((Math.floor(at / columns) + 0.5) / rows, visible[0])];
  const horizontal = COLUMNS[third(((at % columns) + 0.5) / columns, visible[1])];
  return vertical === "middle" && horizontal === "centre" ? "centre" : `${vertical} ${horizontal}`;
}

// Of a photo's side, from the place on a map that shows the `part` of it.
const third = (place, part) => Math.min(2, Math.max(0, Math.trunc(3 * ((place - 0.5) * part + 0.5))));

// Interpolated over the visible parts of the photo's sides. Beyond, over the eighth that presets leave out, the map's
// edges continue; further out nothing adds.
function enlarged(values, rows, columns, side, visible) {
  const along = (length, visible) => {
    const part = Math.min(Math.max(visible, 1 / side), MOST_PADDED);
    const photo = length / part; // its side, in places of the map
    const beyond = (photo - length) / 2;
    const margin = Math.max(Math.ceil(beyond), 0) + 2; // two places more, which the filter looks at
    return taps(cubic, 2, margin - beyond, photo, length + 2 * margin, side).map(({ first, weights }, at) => ({
      weights: Math.abs((at + 0.5) / side - 0.5) > part / CENTRAL_FRACTION / 2 ? weights.fill(0) : weights,
      places: Array.from(weights, (_, k) => Math.min(length - 1, Math.max(0, first + k - margin))),
    }));
  };
  const across = along(columns, visible[1]);
  const wide = Float32Array.from({ length: rows * side }, (_, at) => {
    const { weights, places } = across[at % side];
    const row = Math.floor(at / side) * columns;
    return weights.reduce((sum, weight, k) => sum + weight * values[row + places[k]], 0);
  });
  const down = along(rows, visible[0]);
  return Float32Array.from({ length: side * side }, (_, at) => {
    const { weights, places } = down[Math.floor(at / side)];
    return weights.reduce((sum, weight, k) => sum + weight * wide[places[k] * side + (at % side)], 0);
  });
}

function gradient(value, at, length) {
  const [from, to] = [Math.max(0, at - 1), Math.min(length - 1, at + 1)];
  return to > from ? (value(to) - value(from)) / (to - from) : 0;
}
