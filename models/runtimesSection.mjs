// The part of this folder's README.md that `npm run verify:runtimes` writes and `npm run models` keeps.
// Must not import anything.

const start = '<!-- runtimes: npm run verify:runtimes -->';
const end = '<!-- /runtimes -->';

/** The part around tables, markers included. @param {string} tables */
export function withTables(tables) {
  return [start, ...(tables === '' ? [] : [tables]), end, ''].join('\n');
}

/** The tables of a page. @param {string} page */
export function keptTables(page) {
  const [before, after] = [page.indexOf(start), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`README.md of models lacks the markers ${start} ${end}`);
  return page.slice(before + start.length, after).trim();
}

/** A page with other tables. @param {string} page @param {string} tables */
export function replaceTables(page, tables) {
  keptTables(page);
  return page.slice(0, page.indexOf(start)) + withTables(tables);
}
