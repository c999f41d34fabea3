// Imports a TypeScript module of the tests into a plain Node script, without writing it down.
// Must import Node and esbuild alone.
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** The exports of a module that leans on no package and on no place of its own. @param {URL} url */
export async function importTypeScript(url) {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(url)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  return import(`data:text/javascript;base64,${code}`);
}
