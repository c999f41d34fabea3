// Projects or judges every tensor of a model in a process of its own and prints what memory that took:
// `node test/size/project.mjs apply <model> <out> [--in-memory]`, `node test/size/project.mjs check <model>`.

import { maxNorm, nonNeg, unitNorm } from '../../dist/index.js';
import { applyPlan, checkPlan, createRunner, readModel, ScratchFile, writeModel } from '../../dist/node.js';

const [command, file, out, inMemory] = process.argv.slice(2);
const constraints = [maxNorm({ maxValue: 1, axis: 0 }), unitNorm({ axis: 1 }), nonNeg()];

/** A constraint for each tensor, which is the variable as it is. */
function planFor(model) {
  const entries = model.tensors().map((tensor, i) => ({
    variable: { path: tensor.name, dtype: tensor.dtype, shape: tensor.dims, trainable: true },
    constraint: constraints[i % constraints.length],
    status: 'resolved',
    fits: true,
    tensors: [tensor],
    placements: [
      {
        tensors: [tensor],
        how: ['exact'],
        layout: { kerasShape: tensor.dims, perm: [0, 1], tensorShape: tensor.dims },
        read: () => tensor.read(),
        write: (value) => tensor.write(value),
      },
    ],
  }));
  return { entries };
}

const runner = await createRunner();
const started = performance.now();
let counted;
if (command === 'apply') {
  const scratch = inMemory === '--in-memory' ? undefined : new ScratchFile(out);
  const model = await readModel(file, { scratch });
  const entries = await applyPlan(planFor(model), runner);
  await writeModel(model, out);
  scratch?.close();
  counted = { applied: entries.filter(({ moved }) => moved > 0).length };
} else {
  const entries = await checkPlan(planFor(await readModel(file)), runner);
  const count = (status) => entries.filter(({ verdict }) => verdict?.status === status).length;
  counted = { satisfied: count('satisfied'), violated: count('violated') };
}
await runner.dispose();
const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1000);
const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
process.stdout.write(`${JSON.stringify({ command, ...counted, peakMegabytes, seconds })}\n`);
