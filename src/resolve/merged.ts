// Variables of equal values that an exporter merged into one tensor, and variables of zeros that it dropped.
// Must not import runtime, files or cli.
import { isBuiltin } from '../constraints/builtins.js';
import type { Layout } from '../constraints/layout.js';
import { serialize } from '../constraints/serialize.js';
import { toFloat64 } from '../graph/numbers.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import type { Consumer, ModelTensor } from '../onnx/model.js';
import { pathIn } from './names.js';
import type { How, Placement } from './placement.js';

/**
 * The placement of a variable in a tensor that holds others too: shared where all carry the same constraint, else
 * split by what reads the tensor; `undefined` where names do not tell which reader is whose.
 */
export function mergedPlacement(
  variable: KerasVariable,
  sharers: readonly KerasVariable[],
  tensor: ModelTensor,
  whole: Placement,
): Placement | undefined {
  if (sharers.every((other) => sameConstraint(variable, other))) {
    return new Shared(whole);
  }
  const own = readersOf(variable, tensor);
  const others = sharers.map((other) => readersOf(other, tensor));
  const isSure =
    own.length > 0 && others.every((list) => list.length > 0 && !list.some((use) => own.includes(use)));
  return isSure && tensor.split !== undefined ? new SplitOff(tensor, own, whole) : undefined;
}

function readersOf(variable: KerasVariable, tensor: ModelTensor): readonly Consumer[] {
  const layers = variable.path.split('/').slice(0, -1);
  return tensor.consumers.filter(({ nodeName, outputs }) =>
    [nodeName, ...outputs].some((name) => pathIn(name, layers)),
  );
}

function sameConstraint(a: KerasVariable, b: KerasVariable): boolean {
  if (a.constraint === null || b.constraint === null || a.trainable !== b.trainable) return false;
  if (a.shape?.join() !== b.shape?.join()) return false;
  if (!isBuiltin(a.constraint) || !isBuiltin(b.constraint)) return a.constraint === b.constraint;
  return JSON.stringify(serialize(a.constraint)) === JSON.stringify(serialize(b.constraint));
}

/** A tensor of its own for the variable's readers, made when it is written. */
class SplitOff implements Placement {
  readonly tensors: readonly ModelTensor[];
  readonly how: readonly How[];

  constructor(
    readonly tensor: ModelTensor,
    readonly readers: readonly Consumer[],
    readonly whole: Placement,
  ) {
    this.tensors = [tensor];
    this.how = [...withoutExact(whole.how), 'merged', 'split'];
  }

  read(): TensorValue {
    return this.whole.read();
  }

  write(value: TensorValue): void {
    const shared = this.tensor.read();
    this.whole.write(value);
    const own = this.tensor.read();
    this.tensor.write(shared);
    this.tensor.split?.(this.readers).write(own);
  }

  over(target: (tensor: ModelTensor) => ModelTensor): Placement {
    const tensor = target(this.tensor);
    const keys = new Set(this.readers.map(readerKey));
    const readers = tensor.consumers.filter((use) => keys.has(readerKey(use)));
    return new SplitOff(tensor, readers, this.whole.over(target));
  }
}

/** A placement that several variables share. */
class Shared implements Placement {
  readonly how: readonly How[];

  constructor(readonly whole: Placement) {
    this.how = [...withoutExact(whole.how), 'merged'];
  }

  get tensors(): Placement['tensors'] {
    return this.whole.tensors;
  }

  get layout(): Layout | undefined {
    return this.whole.layout;
  }

  read(): TensorValue {
    return this.whole.read();
  }

  write(value: TensorValue): void {
    this.whole.write(value);
  }

  over(target: (tensor: ModelTensor) => ModelTensor): Placement {
    return new Shared(this.whole.over(target));
  }
}

/** What tells a reader in two models of the same graph. */
function readerKey({ nodeName, outputs, inputIndex }: Consumer): string {
  return JSON.stringify([nodeName, outputs, inputIndex]);
}

function withoutExact(how: readonly How[]): readonly How[] {
  return how.filter((step) => step !== 'exact');
}

/** Whether the variable is all zeros and its constraint leaves it so: known for the built-in ones, else by trying. */
export function keepsZero(variable: KerasVariable, projected: TensorValue | undefined): boolean {
  const { value, constraint } = variable;
  if (value === undefined || constraint === null || !isZero(value)) return false;
  return isBuiltin(constraint) || (projected !== undefined && isZero(projected));
}

function isZero(value: TensorValue): boolean {
  return toFloat64(value).every((x) => x === 0);
}
