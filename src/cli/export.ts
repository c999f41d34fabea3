// `export`: writes a constraint as an ONNX model of its own.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { deserialize } from '../constraints/deserialize.js';
import { FunctionConstraint } from '../constraints/functionConstraint.js';
import { exportConstraint, rankFor } from '../export/exportConstraint.js';
import { checkTarget, writeFileAtomic } from '../files/atomicWrite.js';
import type { DType } from '../graph/dtype.js';
import { UsageError } from '../graph/errors.js';
import { DEFAULT_OPSET, irVersionFor } from '../graph/opset.js';
import { formatShape, openShape, type Shape } from '../graph/shape.js';
import { parseJson } from '../keras/parseJson.js';
import { exitCodes } from './exitCodes.js';
import type { Output } from './output.js';
import { describeConstraint } from './planTable.js';
import { loadPlugins } from './plugin.js';

export interface ExportOptions {
  readonly args?: string;
  readonly dtype: DType;
  readonly opset?: number;
  readonly shape?: Shape;
  readonly rank?: number;
  readonly plugin?: readonly string[];
  readonly out: string;
  readonly force?: boolean;
}

/** Runs the command and returns its exit code. */
export async function exportCommand(name: string, options: ExportOptions, output: Output): Promise<number> {
  await checkTarget(options.out, options.force === true);
  const constraint = await readConstraint(name, options);
  for (const warning of constraint.warnings()) output.warn(warning);
  const { dtype, opset = DEFAULT_OPSET, shape, rank } = options;
  const dims = shape ?? openShape(rank ?? rankFor(constraint));
  const bytes = exportConstraint(constraint, { dtype, opset, shape: dims });
  const config = constraint instanceof FunctionConstraint ? null : constraint.getConfig();
  await writeFileAtomic(options.out, bytes);
  const ir = irVersionFor(opset);
  output.line(
    `${describeConstraint(constraint)}, ${dtype} ${formatShape(dims)}, opset ${opset}, IR ${ir}: wrote ${options.out} (${bytes.length} bytes)`,
  );
  output.result({
    ok: true,
    out: options.out,
    constraint: classNameOf(constraint),
    config,
    dtype,
    opset,
    irVersion: ir,
    shape: dims,
    bytes: bytes.length,
  });
  return exitCodes.done;
}

async function readConstraint(name: string, options: ExportOptions): Promise<Constraint> {
  const customObjects = await loadPlugins(options.plugin ?? []);
  const config = options.args === undefined ? {} : parseJson(options.args, { file: '--args' });
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new UsageError(
      `--args must be a JSON object such as {"max_value": 2, "axis": 0}, found ${options.args}`,
    );
  }
  const constraint = deserialize({ class_name: name, config }, customObjects);
  if (constraint === null) throw new UsageError('a constraint is needed');
  return constraint;
}
