// The report of `apply` and `check`: one HTML page that needs nothing else, with a picture of each constrained weight.
// Must not import anything but this folder.
import type { Distribution, Limits } from './distribution.js';
import { describeRange, drawHistogram, type Series } from './histogram.js';
import { reportStyle } from './reportStyle.js';
import { escapeHtml } from './text.js';

/** One constrained weight. */
export interface ReportEntry {
  readonly variable: string;
  readonly shape: string;
  readonly constraint: string;
  readonly tensors: readonly { readonly name: string; readonly shape: string; readonly how: string }[];
  readonly status: string;
  /** How the status is coloured. */
  readonly tone: Tone;
  /** Which units are normed, in words. */
  readonly units?: string;
  readonly moved?: string;
  /** What the verdict says, line by line. */
  readonly findings: readonly string[];
  readonly reason?: string;
  readonly measure: string;
  readonly limits: Limits;
  readonly before?: Distribution;
  readonly now?: Distribution;
}

export type Tone = 'good' | 'bad' | 'fair' | 'plain';

export interface Report {
  readonly command: 'apply' | 'check';
  readonly model: string;
  readonly config: string;
  /** Where the result went. */
  readonly out?: string;
  readonly summary: string;
  readonly warnings: readonly string[];
  readonly entries: readonly ReportEntry[];
}

/** The page, the same for the same report. */
export function renderReport(report: Report): string {
  const { command, model, entries, summary, warnings } = report;
  const title = `${command === 'apply' ? 'Constraints applied to' : 'Constraints of'} ${baseName(model)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="onnx-constraints">
<title>${escapeHtml(title)}</title>
<style>
${reportStyle}
</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="summary">${escapeHtml(summary)}</p>
${renderFiles(report)}
</header>
${renderWarnings(warnings)}
<main>
${entries.map((entry, i) => renderCard(entry, i)).join('\n')}
</main>
${renderTable(entries)}
<footer>Made by onnx-constraints ${command}. Each norm is the 2-norm over the axes of the constraint, in float64. Bars outside the limits are red.</footer>
</body>
</html>
`;
}

function renderFiles({ model, config, out }: Report): string {
  const rows = [
    ['model', model],
    ['constraints from', config],
    ...(out === undefined ? [] : [['written to', out]]),
  ] as const;
  const items = rows.map(([name, file]) => `<dt>${name}</dt><dd>${escapeHtml(file as string)}</dd>`);
  return `<dl class="files">${items.join('')}</dl>`;
}

function renderWarnings(warnings: readonly string[]): string {
  if (warnings.length === 0) return '';
  const items = warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`).join('');
  return `<section class="warnings" aria-label="Warnings"><h2>Warnings</h2><ul>${items}</ul></section>`;
}

function renderCard(entry: ReportEntry, index: number): string {
  const { variable, shape, constraint, units, findings, reason, moved } = entry;
  const notes = [
    ...(moved === undefined ? [] : [`moved by up to ${moved}`]),
    ...findings,
    ...(reason === undefined ? [] : [reason]),
  ];
  return `<section class="card" id="w${index}">
<div class="head"><h2>${escapeHtml(variable)} <span class="shape">${escapeHtml(shape)}</span></h2>${pill(entry)}</div>
<p class="what"><code>${escapeHtml(constraint)}</code>${units === undefined ? '' : ` · ${escapeHtml(units)}`}</p>
${renderPicture(entry)}
${notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join('\n')}
</section>`;
}

function renderPicture({ before, now, limits, measure }: ReportEntry): string {
  const series: Series[] = [
    ...(before === undefined ? [] : [{ label: 'before', role: 'before' as const, distribution: before }]),
    ...(now === undefined
      ? []
      : [{ label: before === undefined ? 'now' : 'after', role: 'now' as const, distribution: now }]),
  ];
  if (series.length === 0) return '';
  const picture =
    drawHistogram(series, limits, measure) ??
    '<p class="note">nothing to draw: no number, or not their range, is finite</p>';
  const ranges = series.map(({ label, distribution }) => {
    const lost = distribution.notFinite === 0 ? '' : `, ${distribution.notFinite} of them NaN or infinite`;
    return `${label}: ${describeRange(distribution)}${lost}`;
  });
  return `${picture}\n<p class="ranges">${ranges.map(escapeHtml).join('<br>')}</p>`;
}

function renderTable(entries: readonly ReportEntry[]): string {
  const rows = entries.map((entry, i) => {
    const tensors = entry.tensors.map(
      ({ name, shape, how }) =>
        `<code>${escapeHtml(name)}</code><br><small>${escapeHtml(`${shape} ${how}`)}</small>`,
    );
    return `<tr><td><a href="#w${i}">${escapeHtml(entry.variable)}</a><br><small>${escapeHtml(entry.shape)}</small></td><td><code>${escapeHtml(entry.constraint)}</code></td><td>${tensors.join('<br>') || '—'}</td><td>${escapeHtml(entry.units ?? '—')}</td><td>${pill(entry)}</td></tr>`;
  });
  return `<section><h2>The plan</h2><div class="scroll"><table>
<thead><tr><th>variable</th><th>constraint</th><th>tensor</th><th>units</th><th>status</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div></section>`;
}

function pill({ status, tone }: ReportEntry): string {
  return `<span class="pill ${tone}">${escapeHtml(status)}</span>`;
}

function baseName(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}
