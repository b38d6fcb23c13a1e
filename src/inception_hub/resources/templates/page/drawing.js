// Draws an activation map as images/heatmaps.py does: darker where it adds little to the class, lines around the rest.
import { taps } from "./resize.js";

const ROWS = ["upper", "middle", "lower"];
const COLUMNS = ["left", "centre", "right"];

// Keys' cubic filter with a = -1/2, as Pillow's BICUBIC.
function cubic(x) {
  const far = Math.abs(x);
  if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
  return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
}

// RGBA of `side` x `side` pixels. `map`: { values, rows, columns }; `visible`: the part of each side that it covers.
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

// The ninth of the map that holds its maximum, in words, or nowhere if no place adds to the class.
export function placeOf({ values, rows, columns }) {
  const most = Math.max(...values);
  if (most <= 0) return "nowhere";
  const at = values.indexOf(most);
  const vertical = ROWS[Math.trunc((3 * (Math.floor(at / columns) + 0.5)) / rows)];
  const horizontal = COLUMNS[Math.trunc((3 * ((at % columns) + 0.5)) / columns)];
  return vertical === "middle" && horizontal === "centre" ? "centre" : `${vertical} ${horizontal}`;
}

// Interpolated over the visible part of the photo; beyond, the map's edges continue.
function enlarged(values, rows, columns, side, visible) {
  const beyond = (1 / visible - 1) / 2;
  const margin = Math.ceil(beyond * Math.max(rows, columns)) + 2; // two places more, which the filter looks at
  const along = (length) => taps(
    cubic, 2, margin - beyond * length, length * (1 + 2 * beyond), length + 2 * margin, side,
  ).map(({ first, weights }) => ({
    weights,
    places: Array.from(weights, (_, k) => Math.min(length - 1, Math.max(0, first + k - margin))),
  }));
  const across = along(columns);
  const wide = Float32Array.from({ length: rows * side }, (_, at) => {
    const { weights, places } = across[at % side];
    const row = Math.floor(at / side) * columns;
    return weights.reduce((sum, weight, k) => sum + weight * values[row + places[k]], 0);
  });
  const down = along(rows);
  return Float32Array.from({ length: side * side }, (_, at) => {
    const { weights, places } = down[Math.floor(at / side)];
    return weights.reduce((sum, weight, k) => sum + weight * wide[places[k] * side + (at % side)], 0);
  });
}

function gradient(value, at, length) {
  const [from, to] = [Math.max(0, at - 1), Math.min(length - 1, at + 1)];
  return to > from ? (value(to) - value(from)) / (to - from) : 0;
}
