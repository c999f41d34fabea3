// A page that trains digits in the browser, with the model's constraints and without, and draws what becomes of the loss
// and of the largest norm of a unit while it does.
// Must not import Node.
import type * as ort from 'onnxruntime-web';
import { type Callback, modelFromConfig, type TrainableModel } from '../../src/fit/index.js';
import { evaluate, fit as trainModel } from '../../src/trainWeb.js';
import { digitCount, digitsOf } from './digitsData.js';
import { drawCurves } from './drawCurves.js';
import type { Curve } from './trainDigits.js';

/** The layer that is watched, and the limit of its constraint. */
const WATCHED = 'digit/kernel';
export const LIMIT = 2;
const HELD_OUT = 450;

export interface TrainPageOptions {
  readonly ort: typeof ort;
  /** models/digits/digits.bin */
  readonly bytes: Uint8Array;
  /** The config of a compiled Keras model. */
  readonly config: object;
  /** How many digits are trained on. Default: all that are not held out. */
  readonly samples?: number;
}

/** Draws controls and curves into an element. */
export function mountTrainPage(root: HTMLElement, options: TrainPageOptions): void {
  root.innerHTML = `
    <form>
      <label>on <select name="provider"><option>wasm</option><option>webgpu</option></select></label>
      <label><input type="number" name="epochs" min="1" max="200" value="20" /> epochs</label>
      <label><input type="checkbox" name="constrained" checked /> constraint</label>
      <button>Train</button>
    </form>
    <output>Nothing trained yet.</output>
    <figure style="margin: 0"></figure>`;
  const form = root.querySelector('form') as HTMLFormElement;
  const curves = new Map<string, Curve>();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void train(root, form, curves, options);
  });
}

async function train(
  root: HTMLElement,
  form: HTMLFormElement,
  curves: Map<string, Curve>,
  { ort: module, bytes, config, samples }: TrainPageOptions,
): Promise<void> {
  const fields = new FormData(form);
  const provider = String(fields.get('provider'));
  const isConstrained = fields.has('constrained');
  const output = root.querySelector('output') as HTMLOutputElement;
  const button = form.querySelector('button') as HTMLButtonElement;
  const count = digitCount(bytes);
  const model = modelFromConfig(config);
  const curve = { label: isConstrained ? 'constrained' : 'not constrained', loss: [], norm: [] } as {
    label: string;
    loss: number[];
    norm: number[];
  };
  const watch: Callback = {
    async onEpochEnd(epoch, logs) {
      curve.loss.push(logs.loss as number);
      curve.norm.push(largestNorm(model));
      curves.set(curve.label, curve);
      output.value = `epoch ${epoch + 1} on ${provider}, ${curve.label}: loss ${curve.loss.at(-1)?.toFixed(4)}, largest norm ${curve.norm.at(-1)?.toFixed(3)}`;
      draw(root, curves);
      await nextFrame();
    },
  };
  button.disabled = true;
  try {
    const data = digitsOf(bytes, 0, samples ?? count - HELD_OUT);
    const epochs = Number(fields.get('epochs'));
    const run = { ort: module, providers: [provider], constraints: isConstrained };
    await trainModel(model, data, { ...run, epochs, callbacks: [watch] });
    const held = digitsOf(bytes, count - HELD_OUT, count);
    const { accuracy = 0 } = await evaluate(model, held, { ort: module, provider, batchSize: HELD_OUT });
    output.value += `; accuracy ${(100 * accuracy).toFixed(1)} % on digits it has not seen`;
  } catch (error) {
    output.value = error instanceof Error ? error.message : String(error);
  } finally {
    button.disabled = false;
  }
}

function draw(root: HTMLElement, curves: ReadonlyMap<string, Curve>): void {
  const figure = root.querySelector('figure') as HTMLElement;
  figure.innerHTML = drawCurves([...curves.values()], LIMIT, 'epoch');
}

/** Kernels of dense layers are (inputs, units): a unit's weights are a column. */
function largestNorm({ weights }: TrainableModel): number {
  const { data, dims } = weights.get(WATCHED) as { data: Float32Array; dims: readonly number[] };
  const units = dims[1] as number;
  const squares = new Float64Array(units);
  for (const [i, value] of data.entries())
    squares[i % units] = (squares[i % units] as number) + value * value;
  return Math.sqrt(Math.max(...squares));
}

const nextFrame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
