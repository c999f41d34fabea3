// A pass over JSON text before it is parsed: bounds the nesting and finds keys that are there twice, of which a parser
// would keep the last without a word.
// Must not import anything but errors.
import { type ErrorPlace, FormatError } from '../graph/errors.js';

/** A header is an object of objects with lists. */
const maxDepth = 3;

const colon = /\s*:/y;

/**
 * Refuses text that is nested deeper than a safetensors header, or whose objects name a key twice.
 *
 * @throws {FormatError}
 */
export function checkKeys(text: string, place: ErrorPlace): void {
  const keys: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '{' || letter === '[') keys.push(new Set());
    else if (letter === '}' || letter === ']') keys.pop();
    else if (letter === '"') {
      const end = endOfString(text, at);
      colon.lastIndex = end + 1;
      if (colon.test(text)) addKey(keys.at(-1), text.slice(at, end + 1), place);
      at = end;
    }
    if (keys.length > maxDepth) {
      throw new FormatError(`has a header nested deeper than ${maxDepth} levels`, place);
    }
  }
}

function addKey(keys: Set<string> | undefined, quoted: string, place: ErrorPlace): void {
  const key = String(JSON.parse(quoted));
  if (keys?.has(key)) throw new FormatError('the header has this key twice', { ...place, path: key });
  keys?.add(key);
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
