// JSON as Python writes it (NaN and Infinity are bare words there), with its nesting bounded.
// Must not import anything but errors and config readers.
import { type ErrorPlace, FormatError } from '../graph/errors.js';

/** Keras nests about five levels a sub-model, so this is a model forty deep. */
const maxDepth = 200;

const nanMark = '\u0000NaN';

/**
 * Parses JSON text.
 *
 * `NaN`, `Infinity` and `-Infinity` are accepted, since Python's `json` writes them.
 *
 * @throws FormatError where the text is no JSON, or nested deeper than 200 levels.
 */
export function parseJson(text: string, place: ErrorPlace): unknown {
  const plain = replaceBareWords(text, place);
  try {
    return plain === text
      ? JSON.parse(text)
      : JSON.parse(plain, (_, value) => (value === nanMark ? Number.NaN : value));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(`is no valid JSON: ${reason}`, { ...place, cause: error });
  }
}

/** One pass that skips strings: bounds the depth, and turns Python's bare words into JSON that means the same. */
function replaceBareWords(text: string, place: ErrorPlace): string {
  let depth = 0;
  let copied = 0;
  let result = '';
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '"') at = endOfString(text, at);
    else if (letter === '{' || letter === '[') depth += 1;
    else if (letter === '}' || letter === ']') depth -= 1;
    else if (letter === 'N' || letter === 'I') {
      const word = ['NaN', 'Infinity'].find((each) => text.startsWith(each, at));
      if (word === undefined) continue;
      result += text.slice(copied, at) + (word === 'NaN' ? JSON.stringify(nanMark) : '1e999');
      at += word.length - 1;
      copied = at + 1;
    }
    if (depth > maxDepth) throw tooDeep(place);
  }
  return copied === 0 ? text : result + text.slice(copied);
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '\\') at += 1;
    else if (letter === '"') return at;
  }
  return text.length;
}

/** Refuses a value that is nested too deep to be walked, or that contains itself. */
export function checkDepth(root: unknown, place: ErrorPlace): void {
  const pending: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth > maxDepth) throw tooDeep(place);
    for (const value of Object.values(next.value)) pending.push({ value, depth: next.depth + 1 });
  }
}

function tooDeep(place: ErrorPlace): FormatError {
  return new FormatError(`is nested deeper than ${maxDepth} levels`, place);
}
