// `export`: writes a constraint as an ONNX model of its own, or prints it.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { deserialize } from '../constraints/deserialize.js';
import { FunctionConstraint } from '../constraints/functionConstraint.js';
import { buildExport } from '../export/buildExport.js';
import type { ExportOptions as Form } from '../export/exportOptions.js';
import { printModel } from '../export/printModel.js';
import { checkTarget, writeFileAtomic } from '../files/atomicWrite.js';
import type { DType } from '../graph/dtype.js';
import { UsageError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import { DEFAULT_OPSET, irVersionFor } from '../graph/opset.js';
import { formatShape } from '../graph/shape.js';
import { parseJson } from '../keras/parseJson.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { exitCodes } from './exitCodes.js';
import type { Output } from './output.js';
import { describeConstraint } from './planTable.js';
import { loadPlugins } from './plugin.js';

export interface ExportOptions extends Form {
  readonly dtype: DType;
  readonly args?: string;
  readonly text?: boolean;
  readonly plugin?: readonly string[];
  readonly out?: string;
  readonly force?: boolean;
}

/** Runs the command and returns its exit code. */
export async function exportCommand(name: string, options: ExportOptions, output: Output): Promise<number> {
  const { out, text = false } = options;
  if (out === undefined && !text) {
    throw new UsageError('--out is needed for the model; with --text it may be left out');
  }
  if (out !== undefined) await checkTarget(out, options.force === true);
  const constraint = await readConstraint(name, options);
  for (const warning of constraint.warnings()) output.warn(warning);
  const graph = buildExport(constraint, formOf(options));
  if (out === undefined) return printText(constraint, graph, options, output);
  const bytes = text ? new TextEncoder().encode(printModel(graph)) : encodeGraph(graph);
  await writeFileAtomic(out, bytes);
  const { opset } = graph;
  const shape = formatShape(graph.inputs[0]?.shape);
  output.line(
    `${describeConstraint(constraint)}, ${options.dtype} ${shape}, opset ${opset}, IR ${irVersionFor(opset)}: wrote ${out} (${bytes.length} bytes)`,
  );
  output.result({ ok: true, out, ...describe(constraint, graph, options), bytes: bytes.length });
  return exitCodes.done;
}

function printText(constraint: Constraint, graph: Graph, options: ExportOptions, output: Output): number {
  const text = printModel(graph);
  output.line(text.trimEnd());
  output.result({ ok: true, ...describe(constraint, graph, options), text });
  return exitCodes.done;
}

function describe(constraint: Constraint, graph: Graph, { dtype }: ExportOptions): Record<string, unknown> {
  const { opset, inputs, outputs } = graph;
  return {
    constraint: classNameOf(constraint),
    config: constraint instanceof FunctionConstraint ? null : constraint.getConfig(),
    dtype,
    opset,
    irVersion: irVersionFor(opset),
    shape: inputs[0]?.shape,
    inputs: inputs.map(({ name }) => name),
    outputs: outputs.map(({ name }) => name),
  };
}

/** The options of the form, without those that are not given. */
function formOf(options: ExportOptions): Form {
  const { dtype, opset = DEFAULT_OPSET, shape, rank, axisInput = false, limitInputs = false } = options;
  const { axisCount, lowering, provider, phase, function: asFunction = false } = options;
  return {
    dtype,
    opset,
    axisInput,
    limitInputs,
    function: asFunction,
    ...(shape !== undefined && { shape }),
    ...(rank !== undefined && { rank }),
    ...(axisCount !== undefined && { axisCount }),
    ...(lowering !== undefined && { lowering }),
    ...(provider !== undefined && { provider }),
    ...(phase !== undefined && { phase }),
  };
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
