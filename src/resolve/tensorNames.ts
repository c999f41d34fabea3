// Which names of tensors a pattern of a rules file means, and which names are near one that means none.
// Must not import runtime, files or cli.
import { globMatcher } from './glob.js';

/** The names a pattern means: the one it is, else those it matches as a glob. */
export function matchNames(pattern: string, names: ReadonlySet<string>): ReadonlySet<string> {
  if (names.has(pattern)) return new Set([pattern]);
  const matches = globMatcher(pattern);
  return new Set([...names].filter((name) => matches(name)));
}

/** Why a pattern means no name: names that are near, and whether `**` was meant. */
export function describeNoMatch(pattern: string, names: ReadonlySet<string>): string {
  const crosses = globMatcher(pattern, { crosses: true });
  const across = [...names].filter((name) => crosses(name));
  if (/[*?]/.test(pattern) && across.length > 0) {
    return `no weight of the model is named '${pattern}'; * stays between two '/', and ** as a segment of its own crosses them: did you mean ${listNames(across)}?`;
  }
  const near = nearNames(pattern, names);
  if (near.length === 0) return `no weight is named '${pattern}': the model has no floating tensors`;
  return `no weight of the model is named '${pattern}'; near are ${listNames(near)}`;
}

function nearNames(pattern: string, names: ReadonlySet<string>): readonly string[] {
  const wanted = comparable(pattern);
  return [...names]
    .map((name) => ({ name, distance: editDistance(wanted, comparable(name)) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** What a comparison looks at: no wildcards, no case, and of long names the end, where they differ. */
function comparable(text: string): string {
  return text.replace(/[*?]/g, '').toLowerCase().slice(-64);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
