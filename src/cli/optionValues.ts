// What options hold: texts of the command line as the values that commands take.
// Must not import commands.
import { InvalidArgumentError } from 'commander';
import type { Shape } from '../graph/shape.js';

export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function parseList(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

export function parseWhole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || text.trim() === '')
    throw new InvalidArgumentError('A whole number is expected.');
  return value;
}

export function parseTolerance(text: string): number {
  const value = Number(text);
  if (!(value >= 0) || text.trim() === '') throw new InvalidArgumentError('A number from 0 is expected.');
  return value;
}

export function parseShape(text: string): Shape {
  return text.split(',').map((part) => {
    const item = part.trim();
    if (/^[1-9]\d*$/.test(item)) return Number(item);
    if (/^[A-Za-z_]\w*$/.test(item)) return item;
    throw new InvalidArgumentError('Sizes from 1 or names, separated by commas, are expected.');
  });
}
