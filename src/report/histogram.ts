// A distribution, or two over one scale, as an inline SVG histogram with the limits drawn in.
// Must not import anything but this folder and constraints.
import type { Distribution, Limits } from './distribution.js';
import { escapeHtml, formatNumber } from './text.js';

/** One row of a picture: what it is called, and its numbers. */
export interface Series {
  readonly label: string;
  readonly role: 'before' | 'now';
  readonly distribution: Distribution;
}

const width = 640;
const left = 92;
const right = 16;
const rowHeight = 76;
const rowGap = 14;
const top = 24;
const axisHeight = 40;
const binsWanted = 48;
/** A norm that was projected onto a limit lies this close to it, relative to it. */
const onLimit = 1e-4;

/** The bins that all rows share: `count` of them, `step` wide, from `start`. */
interface Bins {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  /** Whether a number on an edge belongs to the bin on its left, as one at an upper limit does. */
  readonly closedRight: boolean;
}

/** The picture as SVG; `undefined` where no number is finite, or their range is not. */
export function drawHistogram(
  series: readonly Series[],
  limits: Limits,
  measure: string,
): string | undefined {
  const drawn = series.filter(({ distribution }) => distribution.values.length > 0);
  if (drawn.length === 0) return undefined;
  const near = nearLimits(drawn, limits);
  const bins = chooseBins(drawn, near);
  if (!Number.isFinite(bins.step * bins.count)) return undefined;
  const height = top + series.length * (rowHeight + rowGap) + axisHeight;
  const x = (value: number): number =>
    left + ((value - bins.start) / (bins.step * bins.count)) * (width - left - right);
  const rows = series.map((each, i) => drawRow(each, bins, limits, x, top + i * (rowHeight + rowGap)));
  const bottom = height - axisHeight - rowGap;
  const label = series
    .map(({ label: name, distribution }) => `${name}: ${describeRange(distribution)}`)
    .join('; ');
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(`Histogram of ${measure}. ${label}`)}">`,
    ...rows,
    drawAxis(bins, x, bottom, measure),
    drawLimits(near, bins, x, bottom),
    near.high === limits.high ? '' : drawFarLimit(limits.high as number),
    '</svg>',
  ].join('\n');
}

export function describeRange({ min, max, count, measure }: Distribution): string {
  const noun = measure === 'norm' ? 'unit' : 'weight';
  const range = Number.isFinite(min) ? `${formatNumber(min)} to ${formatNumber(max)}` : 'not finite';
  return `${count} ${noun}${count === 1 ? '' : 's'}, ${range}`;
}

/** The limits that have room in the picture: one far above all norms would leave them a single bar. */
function nearLimits(series: readonly Series[], { low, high }: Limits): Limits {
  const most = Math.max(...series.map(({ distribution }) => distribution.max));
  const isFar = high !== undefined && high !== low && most > 0 && high > 8 * most;
  return { ...(low !== undefined && { low }), ...(high !== undefined && !isFar && { high }) };
}

/** Bins with an edge at the limit, or around it where both limits are one, so that what was projected is on its side. */
function chooseBins(series: readonly Series[], { low, high }: Limits): Bins {
  const ends = [
    ...series.flatMap(({ distribution: { min, max } }) => [min, max]),
    ...[low, high].filter((limit) => limit !== undefined && Number.isFinite(limit)),
  ] as number[];
  const isNorm = series[0]?.distribution.measure === 'norm';
  const least = Math.min(...ends, ...(isNorm && Math.min(...ends) < 0.3 * Math.max(...ends) ? [0] : []));
  const most = Math.max(...ends);
  const spread = most - least;
  // All but equal numbers get room around them; what is below the normal floating range cannot be divided into bins.
  const isSpread = spread > 1e-6 * Math.abs(most) && spread > 1e-300;
  const extent = isSpread ? spread : Math.max(Math.abs(most) * 0.2, 1e-6);
  const step = extent / (binsWanted - 4);
  const anchor = high !== undefined && Number.isFinite(high) ? high : (low ?? least);
  const offset = low !== undefined && low === high ? step / 2 : 0;
  // A bin of room on both sides, but none below zero, where no norm can be.
  const room = isNorm && least === 0 && offset === 0 ? 0 : 1;
  const before = Math.ceil((anchor - offset - least) / step) + room;
  const after = Math.max(1, Math.ceil((most - anchor + offset) / step) + 1);
  return {
    start: anchor - offset - before * step,
    step,
    count: before + after,
    closedRight: high !== undefined,
  };
}

function countsIn(
  { values, weights }: Distribution,
  { start, step, count, closedRight }: Bins,
): Float64Array {
  const counts = new Float64Array(count);
  values.forEach((value, i) => {
    const place = (value - start) / step;
    // What lies on an edge but for rounding counts as on it.
    const nearest = Math.round(place);
    const exact = Math.abs(place - nearest) < 1e-3 ? nearest : place;
    const bin = closedRight ? Math.ceil(exact) - 1 : Math.floor(exact);
    const inside = Math.min(count - 1, Math.max(0, bin));
    counts[inside] = (counts[inside] as number) + (weights?.[i] ?? 1);
  });
  return counts;
}

function drawRow(
  { label, role, distribution }: Series,
  bins: Bins,
  limits: Limits,
  x: (value: number) => number,
  y: number,
): string {
  const counts = countsIn(distribution, bins);
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const base = y + rowHeight;
  const bars = [...counts].flatMap((count, i) => {
    if (count === 0) return [];
    const from = bins.start + i * bins.step;
    const tall = Math.max(1.5, (count / most) * (rowHeight - 14));
    const outside = isOutside(from + bins.step / 2, limits, bins.step / 2);
    const title = `${formatNumber(from)} to ${formatNumber(from + bins.step)}: ${count}`;
    return [
      `<rect class="${role}${outside ? ' outside' : ''}" x="${round(x(from) + 0.5)}" y="${round(base - tall)}" width="${round(x(from + bins.step) - x(from) - 1)}" height="${round(tall)}"><title>${escapeHtml(title)}</title></rect>`,
    ];
  });
  return [
    `<text class="row" x="${left - 10}" y="${base - rowHeight / 2 + 2}" text-anchor="end">${escapeHtml(label)}</text>`,
    `<text x="${left - 10}" y="${base - rowHeight / 2 + 17}" text-anchor="end">peak ${most}</text>`,
    `<line class="base" x1="${left}" x2="${width - right}" y1="${base}" y2="${base}"/>`,
    ...bars,
  ].join('\n');
}

/** Whether a bin lies outside the limits as a whole, but for what rounding leaves. */
function isOutside(center: number, { low, high }: Limits, half: number): boolean {
  const slack = half * 0.5;
  if (low !== undefined && low === high) return Math.abs(center - low) > half + slack;
  return (
    (high !== undefined && center - half > high - slack - onLimit * half) ||
    (low !== undefined && center + half < low + slack)
  );
}

function drawAxis(bins: Bins, x: (value: number) => number, bottom: number, measure: string): string {
  const end = bins.start + bins.step * bins.count;
  const ticks = chooseTicks(bins.start, end).map(
    (tick) =>
      `<line class="tick" x1="${round(x(tick))}" x2="${round(x(tick))}" y1="${bottom}" y2="${bottom + 4}"/><text class="tick" x="${round(x(tick))}" y="${bottom + 17}" text-anchor="middle">${formatNumber(tick)}</text>`,
  );
  const title = `<text class="axis" x="${(left + width - right) / 2}" y="${bottom + 36}" text-anchor="middle">${escapeHtml(measure)}</text>`;
  return [...ticks, title].join('\n');
}

function chooseTicks(start: number, end: number): readonly number[] {
  const rough = (end - start) / 7;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(start / step);
  const count = Math.min(20, Math.floor(end / step) - first + 1);
  return Array.from({ length: Math.max(0, count) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function drawLimits({ low, high }: Limits, bins: Bins, x: (value: number) => number, bottom: number): string {
  const end = bins.start + bins.step * bins.count;
  const drawn = [...new Set([low, high])].filter(
    (limit): limit is number => limit !== undefined && limit >= bins.start && limit <= end,
  );
  return drawn
    .map((limit) => {
      const at = round(x(limit));
      const anchor = anchorAt(x(limit));
      const name = low === high ? 'norm' : limitName(limit === high);
      return `<line class="limit" x1="${at}" x2="${at}" y1="${top - 8}" y2="${bottom}"/><text class="limit" x="${at}" y="${top - 12}" text-anchor="${anchor}">${name} ${formatNumber(limit)}</text>`;
    })
    .join('\n');
}

function drawFarLimit(high: number): string {
  return `<text class="limit" x="${width - right}" y="${top - 12}" text-anchor="end">at most ${formatNumber(high)} →</text>`;
}

function limitName(isHigh: boolean): string {
  return isHigh ? 'at most' : 'at least';
}

function anchorAt(x: number): string {
  if (x < left + 40) return 'start';
  return x > width - right - 40 ? 'end' : 'middle';
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
