// Writes the pictures and README.md of the published set. What stands between the runtimes markers is kept: it is
// written by `npm run verify:runtimes`.
// Must not run the program: what make.mjs has made is what is shown.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawGraphs } from './drawGraph.mjs';
import { readGraphs, structureKey } from './readGraph.mjs';
import { keptTables, withTables } from './runtimesSection.mjs';

/**
 * @param {string} out the folder that holds `constraints`
 * @param {readonly any[]} graphs entries of the manifest
 * @param {string} previous the README as it was
 */
export function writeIndex(out, graphs, previous) {
  const pictures = drawPictures(out, graphs);
  const text = [
    '# Constraint graphs for other runtimes',
    '',
    `${graphs.length} ONNX models, each Keras's answer to one constraint. A folder of \`constraints/\` holds \`model.onnx\` and its data as ONNX's own backend tests do: \`test_data_set_0/input_0.pb\` and \`output_0.pb\` are \`TensorProto\`s with names, \`data.json\` the tolerances \`rtol\` and \`atol\`. A runner of backend tests takes the folders as they are; with the one of the \`onnx\` package:`,
    '',
    '```python',
    'from onnx.backend.test.loader import load_model_tests',
    'cases = load_model_tests(data_dir="models", kind="constraints")',
    '```',
    '',
    `Inputs and answers are golden cases computed by Keras 3.15.1; those of float16 and bfloat16 are the formula in float64, rounded once, since Keras computes in half precision, where it overflows. \`manifest.json\` tells each graph's constraint, config, opset, IR version, dtype, shape, the command that makes it, where the answer is from, and the sha256 of each file. All is made again, byte for byte, by \`npm run models\`; this page too.`,
    '',
    '## The graphs',
    '',
    'Sizes, limits, axes and opsets differ within a row, the structure does not; the picture is of the first. In a box, `=` is an attribute and `←` a constant input.',
    '',
    '| structure | graphs |',
    '| --- | --- |',
    ...pictures.map(
      ({ file, members }) => `| ![${members[0].name}](pictures/${file}) | ${describe(members)} |`,
    ),
    '',
    '## Where a runtime goes wrong on the plain form',
    '',
    'The tables below tell which do; these go right there.',
    '',
    '- OpenCV sums wrongly over three or more leading axes at once: `test_max_norm_conv_axis_by_axis` sums over one after another.',
    '- MNN ignores the axes of ReduceL2 where they are an input, as from opset 18 on: export for opset 13 or earlier, or with `--lowering fast`. candle ignores those that are an attribute: export for opset 18 or later.',
    '- An axis at run time: OpenVINO wants to know how many come, as in `test_max_norm_axis_count`. TVM and tract take constants alone: export without `--axis-input`.',
    '- The WebGPU provider of onnxruntime-web leaves Identity, which is all of `Constraint`, to the CPU: leave the weight as it is.',
    '- Limits at run time: candle and the WebGPU provider of onnxruntime-web have no Max and Min: export without `--limit-inputs`.',
    '- A function is known to ONNX Runtime and the reference evaluator: export without `--function`, or put its nodes in its place with `onnx.inliner.inline_local_functions`.',
    "- ONNX Runtime's WebGPU provider has no Clip with attributes: export for opset 11 or later.",
    '- Relu makes NaN 0 on several, and −∞ NaN on OpenCV and MNN: the graphs `test_non_neg_nan_where` and `test_non_neg_infinity_where` go right.',
    '- Where float64, float16 or bfloat16 is not taken, export for float32 and cast outside.',
    '',
    'The forms are custom constraints, in `otherForms.mjs`: `--plugin models/otherForms.mjs` exports them with other arguments.',
    '',
    '## Runtimes',
    '',
    withTables(keptTables(previous)),
  ].join('\n');
  writeFileSync(join(out, 'README.md'), text);
}

/** A picture for each structure, in the order of the first graph that has it. */
function drawPictures(out, graphs) {
  const folder = join(out, 'pictures');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const structures = new Map();
  for (const graph of graphs) {
    const drawn = readGraphs(readFileSync(join(out, 'constraints', graph.name, 'model.onnx')));
    const key = structureKey(drawn);
    const found = structures.get(key);
    if (found === undefined) structures.set(key, { drawn, members: [graph] });
    else found.members.push(graph);
  }
  return [...structures.values()].map(({ drawn, members }) => {
    const file = `${members[0].name.replace(/^test_/, '')}.svg`;
    writeFileSync(join(folder, file), drawGraphs(`Graph of ${members[0].name}`, drawn));
    return { file, members };
  });
}

function describe(members) {
  return members
    .map(({ name, constraint, dtype, opset, irVersion, form }) => {
      const what = `${constraint}, ${dtype}, opset ${opset}, IR ${irVersion}${form === 'fixed shape' ? '' : `, ${form}`}`;
      return `[${name}](constraints/${name}/model.onnx): ${what}`;
    })
    .join('<br>');
}
