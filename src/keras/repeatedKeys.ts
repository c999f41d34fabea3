// Keys that stand twice in one object of a JSON text, of which JSON.parse keeps the last without a word.
// Must not import anything.

/** The path of a key that its object has twice, such as `parameters["fc1.weight"]`; the text must be valid JSON. */
export function repeatedKey(text: string): string | undefined {
  const open: { readonly keys: Set<string>; path: string; index: number }[] = [];
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/gsu)) {
    const top = open.at(-1);
    if (token === '{' || token === '[') {
      open.push({ keys: new Set(), path: token === '[' ? '[0]' : '', index: token === '[' ? 0 : -1 });
    } else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && top !== undefined && top.index >= 0) top.path = `[${++top.index}]`;
    else if (top !== undefined && top.index < 0 && /^\s*:/u.test(text.slice(index + token.length))) {
      const key = String(JSON.parse(token));
      top.path = `${open.length > 1 ? '.' : ''}${/^\w+$/u.test(key) ? key : JSON.stringify(key)}`;
      if (top.keys.has(key)) return open.map(({ path }) => path).join('');
      top.keys.add(key);
    }
  }
  return undefined;
}
