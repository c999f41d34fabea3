// An empty project that installs the packed tarball, as a user would.
// Must not import anything from src.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../../', import.meta.url));

/** What a program printed and how it ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Consumer {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'consumer-'));

  /** Packs the package, built first where it is not; returns the paths inside the tarball. */
  pack(): string[] {
    // Not built anew while other tests may be running the command from dist.
    if (!existsSync(join(root, 'dist/index.js')))
      execFileSync('npm', ['run', '--silent', 'build'], {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
    const args = ['pack', '--json', '--silent', '--pack-destination', this.folder];
    const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })) as [
      { filename: string; files: { path: string }[] },
    ];
    this.#tarball = join(this.folder, packed.filename);
    return packed.files.map(({ path }) => path);
  }

  #tarball = '';

  /** Installs the tarball and its dependencies, without optional peers and without install scripts. */
  install(): void {
    this.write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
    const args = [
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      this.#tarball,
    ];
    execFileSync('npm', args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** Makes a package of this repository's node_modules visible to the consumer. */
  link(name: string): void {
    const target = join(this.folder, 'node_modules', name);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), target);
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** Runs a module's source in the project. */
  runModule(source: string): Ended {
    this.write('main.mjs', source);
    return this.run(process.execPath, 'main.mjs');
  }

  run(program: string, ...args: string[]): Ended {
    return spawnSync(program, args, { cwd: this.folder, encoding: 'utf8' });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
