// The report's page: what its pictures show, and that text from files stays text.
import { describe, expect, test } from 'vitest';
import { type Constraint, maxNorm, minMaxNorm, nonNeg, unitNorm } from '../../src/index.js';
import { distributionOf, limitsOf } from '../../src/report/distribution.js';
import { drawHistogram, type Series } from '../../src/report/histogram.js';
import { type ReportEntry, renderReport } from '../../src/report/reportPage.js';

function series(constraint: Constraint, values: readonly number[], shape: readonly number[]): Series {
  const distribution = distributionOf(constraint, Float64Array.from(values), shape);
  return { label: 'now', role: 'now', distribution };
}

/** Each bar's class and how many it stands for. */
function bars(svg: string | undefined): (readonly [string, number])[] {
  const found = svg?.matchAll(/<rect class="([^"]+)"[^>]*><title>[^:]*: (\d+)<\/title>/g) ?? [];
  return [...found].map(([, name, count]) => [name as string, Number(count)]);
}

function countOutside(constraint: Constraint, values: readonly number[], shape: readonly number[]): number[] {
  const drawn = bars(drawHistogram([series(constraint, values, shape)], limitsOf(constraint), 'norm'));
  const sum = (outside: boolean): number =>
    drawn
      .filter(([name]) => name.includes('outside') === outside)
      .reduce((total, [, count]) => total + count, 0);
  return [sum(false), sum(true)];
}

describe('bars are inside or outside as the limits say', () => {
  test.each<readonly [string, Constraint, readonly number[], readonly number[], readonly number[]]>([
    ['MaxNorm, one at the limit', maxNorm(2), [0.5, 2, 2 / (1 + 1e-7), 3], [1, 4], [3, 1]],
    [
      'MinMaxNorm, at both limits',
      minMaxNorm({ minValue: 1, maxValue: 2 }),
      [0.2, 1.5, 2, 4],
      [1, 4],
      [2, 2],
    ],
    ['UnitNorm', unitNorm(), [0.5, 1 - 1e-7, 1, 1 + 1e-6, 2], [1, 5], [3, 2]],
    ['NonNeg', nonNeg(), [-1, -0.5, 0, 0, 2], [5], [3, 2]],
    ['all the same', maxNorm(2), [2, 2, 2], [1, 3], [3, 0]],
    ['all zero', maxNorm(2), [0, 0, 0], [1, 3], [3, 0]],
  ])('%s', (_, constraint, values, shape, expected) => {
    expect(countOutside(constraint, values, shape)).toEqual(expected);
  });
});

test('what is not finite is counted and not drawn', () => {
  const { distribution } = series(nonNeg(), [1, Number.NaN, Number.POSITIVE_INFINITY], [3]);
  expect(distribution).toMatchObject({ count: 3, notFinite: 2, min: 1, max: 1 });
  expect(drawHistogram([series(nonNeg(), [Number.NaN], [1])], { low: 0 }, 'weight')).toBeUndefined();
});

test('pictures hold no number that is not finite, whatever the weights', () => {
  for (const values of [
    [0, 0],
    [5e-324, 0],
    [1e-30, 1e30],
    [7, 7],
  ]) {
    const svg = drawHistogram([series(nonNeg(), values, [2])], { low: 0 }, 'weight');
    expect(svg).not.toMatch(/NaN|Infinity/);
  }
});

test('a limit far above all norms is told and not drawn to scale', () => {
  const svg = drawHistogram([series(maxNorm(1e300), [1, 2], [1, 2])], { high: 1e300 }, 'norm');
  expect(svg).toContain('at most 1e+300 →');
  expect(bars(svg)).toHaveLength(2);
  expect(drawHistogram([series(nonNeg(), [1e308, -1e308], [2])], { low: 0 }, 'weight')).toBeUndefined();
});

test('a large weight is kept as a histogram', () => {
  const values = Float64Array.from({ length: 200_000 }, (_, i) => Math.sin(i));
  const { values: kept, weights, count } = distributionOf(nonNeg(), values, [200_000]);
  expect(kept.length).toBeLessThan(20_000);
  expect(weights?.reduce((a, b) => a + b, 0)).toBe(200_000);
  expect(count).toBe(200_000);
});

const entry: ReportEntry = {
  variable: '<img src=x onerror=alert(1)>',
  shape: '(2,)',
  constraint: 'NonNeg()',
  tensors: [{ name: '"><script>alert(2)</script>', shape: '(2,)', how: 'exact' }],
  status: 'satisfied',
  tone: 'good',
  findings: ["'&'"],
  measure: '<b>',
  limits: { low: 0 },
  now: distributionOf(nonNeg(), Float64Array.of(0, 1), [2]),
};

test('text from files stays text, and the page asks for nothing elsewhere', () => {
  const page = renderReport({
    command: 'check',
    model: '</title><script>alert(3)</script>',
    config: 'a&b',
    summary: '1 satisfied',
    warnings: ['<i>'],
    entries: [entry],
  });
  expect(page).not.toMatch(/<script|<img|<i>|<b>/);
  expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
  expect(page).toContain('a&amp;b');
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/https?:|url\(|@import/);
});

test('the same report is the same page', () => {
  const report = {
    command: 'apply',
    model: 'm',
    config: 'c',
    summary: 's',
    warnings: [],
    entries: [entry],
  } as const;
  expect(renderReport(report)).toBe(renderReport(report));
});
