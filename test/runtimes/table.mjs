// Turns verdicts into the tables of models/README.md: what passes by opset, with the largest error, and the runtimes'
// own words for what does not.
// Must not run anything.
import { dtypes, opsets } from './cases.mjs';

/** @typedef {{ case: import('./cases.mjs').Case, verdict: import('./judge.mjs').Verdict }} Judged */
/** @typedef {{ name: string, version: string, note: string, checks: boolean, judged: Judged[] }} Ran */

const classes = /(Min)?MaxNorm|UnitNorm|NonNeg/g;
const columns = ['MaxNorm', 'MinMaxNorm', 'UnitNorm', 'NonNeg', 'Constraint'];

/**
 * @param {readonly Ran[]} ran
 * @param {readonly { name: string, reason: string }[]} notRun
 * @param {string} date
 * @param {string} sharded what became of the sharded weight
 */
export function formatTables(ran, notRun, date, sharded) {
  const notes = new Notes();
  const byDtype = dtypes.map((dtype) =>
    [`### ${dtype}, by opset`, '', ...dtypeTable(ran, dtype, notes)].join('\n'),
  );
  const forms = [
    '### The other forms of the published set, at opset 18 in float32',
    '',
    ...formTable(ran, notes),
  ].join('\n');
  const missing = notRun.map(({ name, reason }) => `- ${name} was not run: ${reason}`);
  const ray = `### Two phases on Ray\n\n${sharded}`;
  return [`Run on ${date}.`, explanation, ...byDtype, forms, ray, notes.text(), missing.join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
}

const explanation = [
  'A cell tells the opsets at which every case passes, with the largest error against the formula in float64:',
  '|found − exact| / (|exact| + floor), with floor 0.05 in float32, 0.01 in float64, 6e-5 in float16 and 1e-38 in',
  'bfloat16; it passes up to 2e-6, 1e-12, 2⁻¹⁰ and 2⁻⁷. ✗ stands before opsets with cases that do not pass, and tells',
  'how many of how many; the numbers in brackets lead to the runtime’s own words; where NaN alone is lost, it is told',
  'behind the opsets. The cases are the golden ones of Keras, whole for the checker, the reference evaluator and ONNX',
  'Runtime on the CPU and in wasm; the others are asked all of opset 18 and seven of each other opset.',
].join(' ');

/** @param {readonly Ran[]} ran @param {string} dtype @param {Notes} notes */
function dtypeTable(ran, dtype, notes) {
  const rows = ran.map((runtime) => {
    const golden = runtime.judged.filter(({ case: one }) => one.form === undefined && one.dtype === dtype);
    const cells = columns.map((constraint) => {
      const judged = golden.filter(({ case: one }) => one.constraint === constraint);
      return opsetCell(judged, runtime, notes);
    });
    return [title(runtime), ...collapse(cells)];
  });
  return markdown(['runtime', ...columns], rows);
}

/** A row whose cells are all the same says so once. @param {string[]} cells */
function collapse(cells) {
  return cells.every((cell) => cell === cells[0]) ? [cells[0], ...cells.slice(1).map(() => '〃')] : cells;
}

/** @param {Judged[]} judged @param {Ran} runtime @param {Notes} notes */
function opsetCell(judged, runtime, notes) {
  const outcomes = opsets.map((opset) => {
    const at = judged.filter(({ case: one }) => one.opset === opset);
    return { opset, ...outcome(at, runtime, notes) };
  });
  /** @type {{ key: string, opsets: number[], members: ReturnType<typeof outcome>[] }[]} */
  const groups = [];
  for (const one of outcomes.filter(({ total }) => total > 0)) {
    const key = `${one.failed > 0} ${one.letters}`;
    const last = groups.at(-1);
    if (last?.key === key) {
      last.opsets.push(one.opset);
      last.members.push(one);
    } else groups.push({ key, opsets: [one.opset], members: [one] });
  }
  const caveats = byNumber(outcomes.flatMap(({ caveats }) => caveats));
  const ending = caveats.length > 0 ? `; NaN ${caveats.join(' ')}` : '';
  return groups.length > 0 ? `${groups.map(formatGroup).join('; ')}${ending}` : '–';
}

function formatGroup({ opsets: list, members }) {
  const range = list.length > 1 ? `${list[0]}–${list.at(-1)}` : `${list[0]}`;
  const failed = members.reduce((sum, one) => sum + one.failed, 0);
  const total = members.reduce((sum, one) => sum + one.total, 0);
  const error = Math.max(...members.map((one) => one.error));
  return formatOutcome(`${range}: `, { failed, total, error, letters: members[0].letters });
}

function formatOutcome(prefix, { failed, total, error, letters }) {
  const passed = Number.isFinite(error) ? formatError(error) : 'ok';
  if (failed === 0) return `${prefix}${passed}`;
  const count = failed === total ? '' : ` ${failed} of ${total}`;
  return `✗ ${prefix.replace(': ', '')}${count} ${letters}`.replace(/ +/g, ' ');
}

/** How many of the cases failed, the notes on them and on lost NaNs, and the largest error of those that passed. */
function outcome(judged, { name, checks }, notes) {
  const failing = judged.filter(({ verdict }) => verdict.status !== 'pass');
  const letters = (list) => byNumber(list.map((one) => notes.letter(name, one)));
  const lost = failing.filter(({ verdict }) => verdict.words.startsWith('NaN becomes'));
  const others = failing.filter((one) => !lost.includes(one));
  const passing = judged.filter(({ verdict }) => verdict.status === 'pass');
  const error = checks ? Number.NEGATIVE_INFINITY : Math.max(...passing.map(({ verdict }) => verdict.error));
  const caveats = letters(lost);
  return { total: judged.length, failed: others.length, letters: letters(others).join(' '), caveats, error };
}

/** Each once: [9] before [10]. @param {readonly string[]} letters */
function byNumber(letters) {
  return [...new Set(letters)].sort((a, b) => Number(a.slice(1, -1)) - Number(b.slice(1, -1)));
}

/** @param {readonly Ran[]} ran @param {Notes} notes */
function formTable(ran, notes) {
  const rows = ran.map((runtime) => {
    const judged = runtime.judged.filter(({ case: one }) => isForm(one));
    const forms = [...new Set(judged.map(({ case: one }) => one.form))].map((form) => ({
      form,
      ...outcome(
        judged.filter(({ case: one }) => one.form === form),
        runtime,
        notes,
      ),
    }));
    const failing = forms.filter(({ failed, caveats }) => failed > 0 || caveats.length > 0);
    const error = Math.max(...forms.filter((form) => !failing.includes(form)).map((form) => form.error));
    const passing = `${forms.length - failing.length} of ${forms.length}: ${Number.isFinite(error) ? formatError(error) : 'ok'}`;
    const words = failing.map(
      ({ form, letters, caveats }) => `${form} ${[letters, ...caveats].join(' ').trim()}`,
    );
    return [title(runtime), passing, words.join('; ') || '–'];
  });
  return markdown(['runtime', 'forms that pass', 'forms that do not'], rows);
}

function isForm({ form }) {
  return form !== undefined && form !== 'fixed shape';
}

function title({ name, version, note }) {
  return `${name} ${version} (${note})`;
}

function formatError(error) {
  return error === 0 ? '0' : error.toExponential(0);
}

/** @param {string[]} head @param {string[][]} rows */
function markdown(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** The runtimes' words, each told once under a letter. */
class Notes {
  /** @type {Map<string, { letter: string, runtime: string, text: string, example: string }>} */
  #notes = new Map();

  /** @param {string} runtime @param {Judged} judged */
  letter(runtime, { case: one, verdict }) {
    const known = /^(NaN becomes|computes)/.test(verdict.words);
    const vague = verdict.words.startsWith('NaN for') ? 'NaN for a number' : 'a wrong answer';
    const isVague = verdict.status === 'wrong' && !known;
    const text = isVague ? vague : verdict.words;
    // The same words about another constraint, tensor or size are the same words; not those about another dtype.
    const sameWords = text
      .replace(classes, '#')
      .replace(/(?<!float\d?)[\d_]+/g, '#')
      .slice(0, 180);
    const key = `${runtime} ${sameWords}`;
    const found = this.#notes.get(key);
    if (found !== undefined) return found.letter;
    const letter = `[${this.#notes.size + 1}]`;
    const example = isVague ? `, such as ${verdict.words} for ${one.what}` : '';
    const quoted = verdict.status === 'wrong' || isOurs(text) ? text : quote(text);
    this.#notes.set(key, { letter, runtime, text: quoted, example });
    return letter;
  }

  text() {
    const lines = [...this.#notes.values()].map(
      ({ letter, runtime, text, example }) => `- ${letter} ${runtime}: ${text}${example}`,
    );
    return lines.length === 0 ? '' : ['### In the runtimes’ own words', '', ...lines].join('\n');
  }
}

/** What the judge and the one who asks say of a runtime, which are not its words. @param {string} text */
function isOurs(text) {
  return /^(no answer|no output|answers \w+ in|process ended)/.test(text);
}

const longest = 480;

/** Words as code, which Markdown leaves alone, and not all of a long trace. @param {string} text */
function quote(text) {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return `\`${cut.replaceAll('`', "'")}\``;
}
