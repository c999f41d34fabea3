// YAML as plain values, with its size, nesting and aliases bounded. `yaml` is loaded when a file needs it.
// Must not import runtime, files or cli.
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import { checkDepth } from '../keras/parseJson.js';

/** Rules files have a few kilobytes; the parser builds large trees of small texts. */
const maxLength = 1 << 20;
const maxDepth = 100;
/** How many values all aliases together may stand for. */
const maxAliasCount = 1000;

/**
 * Parses YAML 1.2 with the core schema: no tags of its own, no merge keys; a key twice in a map is an error.
 *
 * @throws {FormatError} where it is no YAML, too large, nested deeper than 100 levels, or full of aliases
 */
export async function parseYaml(text: string, place: ErrorPlace): Promise<unknown> {
  if (text.length > maxLength) {
    throw new FormatError(`has ${text.length} characters; YAML of at most ${maxLength} is read`, place);
  }
  refuseDeep(text, place);
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text, { schema: 'core', version: '1.2', uniqueKeys: true, merge: false });
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    const value: unknown = document.toJS({ maxAliasCount });
    checkDepth(value, place);
    return value;
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    // The parser is recursive: what ends its stack is nested in a way the count below does not see.
    if (cause instanceof RangeError) throw tooDeep(place, cause);
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new FormatError(`is no valid YAML: ${reason}`, { ...place, cause });
  }
}

/** Counts open brackets, `- - -` in a row and indentation: an upper bound of the depth, taken before parsing. */
function refuseDeep(text: string, place: ErrorPlace): void {
  let open = 0;
  for (const letter of text) {
    if (letter === '[' || letter === '{') open += 1;
    else if ((letter === ']' || letter === '}') && open > 0) open -= 1;
    if (open > maxDepth) throw tooDeep(place);
  }
  for (const [markers] of text.matchAll(/(?:[-?:][ \t]+){2,}/g)) {
    if ((markers.match(/[-?:]/g)?.length ?? 0) > maxDepth) throw tooDeep(place);
  }
  for (const [indent] of text.matchAll(/^ +/gm)) {
    if (indent.length > 8 * maxDepth) throw tooDeep(place);
  }
}

function tooDeep(place: ErrorPlace, cause?: unknown): FormatError {
  return new FormatError(`is nested deeper than ${maxDepth} levels`, { ...place, cause });
}
