// Globs on tensor names, matched in time that grows with pattern × name: patterns and names may both be a stranger's,
// and a glob turned into a regular expression can take minutes on a name of 200 letters.
// Must not import anything but the errors.
import { UsageError } from '../graph/errors.js';

const maxAlternatives = 256;

type Token = '*' | ((letter: string) => boolean);

/**
 * Whether names match a glob: `*` and `?` stay between two `/`, `**` as a whole segment stands for any number of
 * segments, none included; `[a-z]`, `[!a]` and `{a,b}` choose, `\` takes the next letter as it is.
 *
 * @param crosses `*` and `?` match `/` too
 * @throws {UsageError} where the braces stand for more than 256 patterns
 */
export function globMatcher(
  pattern: string,
  { crosses = false }: { readonly crosses?: boolean } = {},
): (name: string) => boolean {
  const split = (text: string): readonly string[] => (crosses ? [text] : text.split('/'));
  const patterns = expandBraces(pattern).map((each) =>
    split(each).map((segment) => (segment === '**' ? '**' : readTokens(segment))),
  );
  return (name) => {
    const segments = split(name);
    return patterns.some((wanted) => matchSequence(wanted, segments, (item) => item === '**', matchSegment));
  };
}

function matchSegment(tokens: '**' | readonly Token[], segment: string): boolean {
  const isStar = (token: Token): boolean => token === '*';
  return matchSequence(tokens as readonly Token[], [...segment], isStar, (token, letter) =>
    (token as (letter: string) => boolean)(letter),
  );
}

/** Matches items in order, where a star stands for any number of them: on failure only the last star is tried again. */
function matchSequence<P, T>(
  pattern: readonly P[],
  items: readonly T[],
  isStar: (part: P) => boolean,
  matches: (part: P, item: T) => boolean,
): boolean {
  let [at, next] = [0, 0];
  let star = -1;
  let resume = 0;
  while (next < items.length) {
    const part = pattern[at];
    if (part !== undefined && isStar(part)) {
      star = at++;
      resume = next;
    } else if (part !== undefined && matches(part, items[next] as T)) {
      at++;
      next++;
    } else if (star >= 0) {
      at = star + 1;
      next = ++resume;
    } else return false;
  }
  return pattern.slice(at).every(isStar);
}

function readTokens(segment: string): readonly Token[] {
  const tokens: Token[] = [];
  const pieces = segment.matchAll(/\*+|\?|\[(!|\^)?(\]?[^\]]*)\]|\\(.)|./gsu);
  for (const [text, negated, choices, escaped] of pieces) {
    if (text.startsWith('*')) tokens.push('*');
    else if (text === '?') tokens.push(() => true);
    else if (choices) tokens.push(readClass(choices, negated !== undefined));
    else for (const wanted of escaped ?? text) tokens.push((letter) => letter === wanted);
  }
  return tokens;
}

function readClass(choices: string, negated: boolean): Token {
  const ranges = [...choices.matchAll(/(.)-(.)|(.)/gsu)].map(([, from, to, one]) => [
    from ?? (one as string),
    to ?? (one as string),
  ]);
  return (letter) =>
    ranges.some(([from, to]) => letter >= (from as string) && letter <= (to as string)) !== negated;
}

/** The patterns that `{a,b}` stands for; braces without a comma are letters. */
function expandBraces(pattern: string): readonly string[] {
  let pending = [pattern];
  for (;;) {
    let changed = false;
    pending = pending.flatMap((each) => {
      const found = /\{([^{}]*,[^{}]*)\}/.exec(each);
      if (found === null) return [each];
      changed = true;
      const after = each.slice(found.index + found[0].length);
      return (found[1] as string).split(',').map((choice) => each.slice(0, found.index) + choice + after);
    });
    if (pending.length > maxAlternatives) {
      throw new UsageError(`'${pattern}' stands for more than ${maxAlternatives} patterns`);
    }
    if (!changed) return pending;
  }
}
