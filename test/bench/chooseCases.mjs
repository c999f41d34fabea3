// All cases, and those that an option names.
// Must not import anything from src or dist.
import { cases } from './cases.mjs';
import { stepCases } from './steps/stepCases.mjs';

/**
 * The cases whose name holds `part`, in any case and with `x` for `×`.
 *
 * @returns {{ projections: import('./cases.mjs').Case[], steps: import('./cases.mjs').StepCase[] }}
 */
export function chooseCases(part = '') {
  const plain = (text) => text.toLowerCase().replaceAll('×', 'x');
  const choose = (all) => all.filter(({ name }) => plain(name).includes(plain(part)));
  const chosen = { projections: choose(cases), steps: choose(stepCases) };
  if (chosen.projections.length + chosen.steps.length > 0) return chosen;
  const names = [...cases, ...stepCases].map(({ name }) => name);
  throw new Error(`no case is named like '${part}'; there are ${names.join('; ')}`);
}
