// Curves of a training as an SVG: the loss above, the largest norm of a unit with its limit below.
// Must not import anything but types.
import type { Curve } from './trainDigits.js';

const width = 640;
const height = 200;
const left = 56;
const right = 16;
const top = 28;
const bottom = 28;
const colourOf = ({ label }: Curve): string => (label === 'constrained' ? '#0b6e4f' : '#b23a48');

/**
 * @param limit the largest norm that the constraint allows
 * @param unit what the points are counted in
 */
export function drawCurves(curves: readonly Curve[], limit: number, unit = 'step'): string {
  const strokes = curves.map(colourOf);
  const panels = [
    drawPanel(
      'loss',
      curves.map(({ loss }) => loss),
      { y0: 0, unit, strokes },
    ),
    drawPanel(
      'largest norm of a unit',
      curves.map(({ norm }) => norm),
      { y0: height, unit, strokes, limit },
    ),
  ];
  const legend = curves.map((curve, i) => {
    const x = left + 8 + i * 140;
    return `<circle cx="${x}" cy="${2 * height + 10}" r="4" fill="${colourOf(curve)}"/><text x="${x + 10}" y="${2 * height + 14}">${curve.label}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${2 * height + 24}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...panels,
    ...legend,
    '</svg>',
  ].join('\n');
}

interface Panel {
  readonly y0: number;
  readonly unit: string;
  /** The colour of each line. */
  readonly strokes: readonly string[];
  readonly limit?: number;
}

function drawPanel(
  title: string,
  lines: readonly (readonly number[])[],
  { y0, unit, strokes, limit }: Panel,
): string {
  const most = Math.max(...lines.flat(), limit ?? 0) * 1.05;
  const steps = Math.max(...lines.map(({ length }) => length));
  const x = (step: number): string =>
    (left + ((width - left - right) * step) / Math.max(steps - 1, 1)).toFixed(1);
  const y = (value: number): string =>
    (y0 + height - bottom - ((height - top - bottom) * value) / most).toFixed(1);
  const paths = lines.map((values, i) => {
    const points = values.map((value, step) => `${x(step)},${y(value)}`).join(' ');
    return `<polyline points="${points}" fill="none" stroke="${strokes[i]}" stroke-width="2"/>`;
  });
  const end = width - right;
  return [
    `<text x="${left}" y="${y0 + 18}" font-weight="bold">${title}</text>`,
    `<path d="M${left},${y(most)}V${y(0)}H${end}" fill="none" stroke="#888"/>`,
    `<text x="${left - 6}" y="${y(0)}" text-anchor="end">0</text>`,
    `<text x="${left - 6}" y="${Number(y(most)) + 8}" text-anchor="end">${most.toPrecision(2)}</text>`,
    `<text x="${left}" y="${Number(y(0)) + 16}">${unit} 1</text>`,
    `<text x="${end}" y="${Number(y(0)) + 16}" text-anchor="end">${unit} ${steps}</text>`,
    ...(limit === undefined
      ? []
      : [
          `<path d="M${left},${y(limit)}H${end}" stroke="#444" stroke-dasharray="4 3"/>`,
          `<text x="${end}" y="${Number(y(limit)) + 14}" text-anchor="end">limit ${limit}</text>`,
        ]),
    ...paths,
  ].join('\n');
}
