// What differs between the entry points that train.
// Must not import files or cli.
import type { StepLoopPlatform } from '../../training/openStepLoop.js';
import type { FitContext } from '../callbacks/callback.js';

export interface TrainingPlatform extends StepLoopPlatform, Pick<FitContext, 'readFile'> {}
