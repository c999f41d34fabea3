// What commands have in common: how they are run, the options that all take, examples in their help.
// Must not import commands.
import type { Command } from 'commander';
import { collect } from './optionValues.js';
import type { Output } from './output.js';

// biome-ignore lint/suspicious/noExplicitAny: commander passes arguments by position
export type Args = any[];
export type Action = (command: Command, output: Output, args: Args) => Promise<number>;
export type Wrap = (action: Action) => (...args: Args) => Promise<void>;

export function addCommonOptions(command: Command): Command {
  return command
    .option(
      '--plugin <module>',
      'ESM module that exports customObjects with your own constraints; may be given again',
      collect,
    )
    .option('--json', 'print one JSON object on standard output');
}

export function examples(command: Command, lines: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
