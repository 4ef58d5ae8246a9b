const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 320;
const HEIGHT = 84;

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A line over its area, from the oldest value to the newest; null where nothing was measured. */
export function chart(values, { label, most }) {
  const top = Math.max(most ?? 0, ...values.map((value) => value ?? 0)) || 1;
  // Room above the line, so that a steady value looks steady.
  const height = most ?? top * 1.2;
  const step = WIDTH / Math.max(values.length - 1, 1);
  const points = values.map((value, index) => [
    (index * step).toFixed(1),
    (HEIGHT - 3 - ((value ?? 0) / height) * (HEIGHT - 8)).toFixed(1),
  ]);
  const line = points.map(([x, y]) => `${x},${y}`).join(' ');
  const svg = shape('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    class: 'chart',
    role: 'img',
    'aria-label': label,
  });
  for (const part of [0.25, 0.5, 0.75]) {
    svg.append(
      shape('line', { class: 'chart-grid', x1: 0, x2: WIDTH, y1: HEIGHT * part, y2: HEIGHT * part }),
    );
  }
  svg.append(
    shape('polygon', { class: 'chart-area', points: `0,${HEIGHT} ${line} ${WIDTH},${HEIGHT}` }),
    shape('polyline', { class: 'chart-line', points: line, 'vector-effect': 'non-scaling-stroke' }),
  );
  return svg;
}
