// Checkpoints of ONNX Runtime's on-device training: which parameters they hold.
// Must not import onnx, runtime, files or cli.
import { type DType, dtypeBits, dtypeFromOnnx } from '../graph/dtype.js';
import { type ErrorPlace, FormatError, UnsupportedError } from '../graph/errors.js';
import { formatShape } from '../graph/shape.js';
import { FlatTable } from './flatTable.js';

/** A parameter of a checkpoint. */
export interface OrtParameter {
  readonly name: string;
  readonly dtype: DType;
  /** Undefined in a nominal checkpoint, which leaves it to the training model. */
  readonly shape: readonly number[] | undefined;
  /** Whether training updates it; the others are frozen. */
  readonly trainable: boolean;
  /** Its elements, little-endian, as a view of the checkpoint; undefined where the checkpoint does not hold them. */
  readonly bytes: Uint8Array | undefined;
}

/** A checkpoint of ONNX Runtime's on-device training. */
export interface OrtCheckpoint {
  readonly version: number;
  /** Where the values are: in the file, in another beside it, or (`nominal`) nowhere, for a session that is given them. */
  readonly values: 'inside' | 'external' | 'nominal';
  /** In the checkpoint's order: those that are trained, then the frozen ones. */
  readonly parameters: readonly OrtParameter[];
  /** The file it was read from, for messages. */
  readonly file?: string | undefined;
}

// Field numbers of ort_training_checkpoint.fbs and, for tensors, ort.fbs.
const root = { version: 0, moduleState: 1 };
const moduleState = { trainable: 0, frozen: 1, nominal: 2, external: 3 };
const tensor = { name: 0, dims: 2, dataType: 3, rawData: 4 };

const identifier = 'ODTC';
const newestVersion = 2;
const maxRank = 64;
/** A table can be listed many times at four bytes each. */
const maxParameters = 100_000;

/** Whether the bytes start as a checkpoint does. */
export function isOrtCheckpoint(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(4, 8)) === identifier;
}

/**
 * Reads the parameters of a `checkpoint` that ONNX Runtime 1.16 to 1.19 wrote for on-device training.
 *
 * @param bytes the file; `bytes` of the parameters are views of it
 * @throws {FormatError} on what is no such checkpoint, or is cut short or inconsistent
 * @throws {UnsupportedError} on a version that is not known
 * @example
 * const { parameters } = readOrtCheckpoint(new Uint8Array(await (await fetch('checkpoint')).arrayBuffer()));
 */
export function readOrtCheckpoint(
  bytes: Uint8Array,
  { file }: { readonly file?: string | undefined } = {},
): OrtCheckpoint {
  if (!isOrtCheckpoint(bytes)) {
    throw new FormatError(
      `is no checkpoint of ONNX Runtime's on-device training: '${identifier}' is missing behind the first 4 of ${bytes.length} bytes (before ONNX Runtime 1.16 checkpoints were folders, which are not read)`,
      { file },
    );
  }
  const checkpoint = FlatTable.root(bytes, { file, path: '' });
  const version = readVersion(checkpoint, file);
  const state = checkpoint.table(root.moduleState, 'module_state');
  if (state === undefined) throw new FormatError('has no parameters', { file, path: 'module_state' });
  const values = valuesOf(state);
  return { version, values, parameters: readParameters(state, values), file };
}

function readVersion(checkpoint: FlatTable, file: string | undefined): number {
  const version = checkpoint.int32(root.version);
  if (version >= 1 && version <= newestVersion) return version;
  throw new UnsupportedError(
    `is version ${version} of the checkpoint format; 1 to ${newestVersion} are read`,
    { file, path: 'version' },
  );
}

function valuesOf(state: FlatTable): OrtCheckpoint['values'] {
  if (state.bool(moduleState.nominal)) return 'nominal';
  return state.bool(moduleState.external) ? 'external' : 'inside';
}

function readParameters(state: FlatTable, values: OrtCheckpoint['values']): readonly OrtParameter[] {
  const parameters = new Map<string, OrtParameter>();
  const lists = [
    { field: moduleState.trainable, list: 'requires_grad_params', trainable: true },
    { field: moduleState.frozen, list: 'frozen_params', trainable: false },
  ];
  for (const { field, list, trainable } of lists) {
    for (const table of state.tables(field, list)) {
      const parameter = readParameter(table, { trainable, values });
      if (parameters.has(parameter.name)) {
        throw new FormatError(`a parameter is named ${JSON.stringify(parameter.name)} already`, table.place);
      }
      parameters.set(parameter.name, parameter);
      if (parameters.size > maxParameters) {
        throw new FormatError(`has more than ${maxParameters} parameters, which is all that are read`, {
          ...table.place,
          path: `module_state.${list}`,
        });
      }
    }
  }
  return [...parameters.values()];
}

function readParameter(
  table: FlatTable,
  { trainable, values }: { readonly trainable: boolean; readonly values: OrtCheckpoint['values'] },
): OrtParameter {
  const name = table.text(tensor.name);
  if (name === undefined || name === '') throw new FormatError('has no name', table.place);
  const number = table.int32(tensor.dataType);
  const dtype = dtypeFromOnnx(number);
  if (dtype === undefined || dtypeBits(dtype) < 8) {
    throw new FormatError(
      `${JSON.stringify(name)} has data type ${number}, which no parameter has`,
      table.place,
    );
  }
  if (values === 'nominal') return { name, dtype, shape: undefined, trainable, bytes: undefined };
  const shape = table.int64s(tensor.dims, maxRank).map((dim) => readDim(dim, name, table.place));
  if (values === 'external') return { name, dtype, shape, trainable, bytes: undefined };
  const bytes = table.bytes(tensor.rawData) ?? new Uint8Array();
  const wanted = shape.reduce((product, dim) => product * dim, dtypeBits(dtype) / 8);
  if (bytes.length === wanted) return { name, dtype, shape, trainable, bytes };
  throw new FormatError(
    `${JSON.stringify(name)} ${dtype} ${formatShape(shape)} takes ${wanted} bytes, found ${bytes.length}`,
    table.place,
  );
}

function readDim(dim: bigint, name: string, place: ErrorPlace): number {
  if (dim >= 0n && dim <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(dim);
  throw new FormatError(`${JSON.stringify(name)} has the dimension ${dim}`, place);
}
