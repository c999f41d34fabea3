// What a Projector does, as plain data: the graphs, and in which runs they meet which weights. Made once; a worker takes
// it as it is.
// Must not touch ONNX Runtime.
import type { DType } from '../graph/dtype.js';
import type { LoweringName } from '../lowering/lowerings.js';
import type { WeightDType } from '../lowering/storage.js';
import type { TileForm } from '../lowering/tileForm.js';
import type { OutputRoute } from './outputRoute.js';
import type { ProviderEntry } from './providerTable.js';

/** Why a provider of the list does not run a parameter. */
export interface ParameterRefusal {
  readonly provider: string;
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
}

/** What is known of a parameter once it is planned. */
export interface ParameterReport {
  readonly name: string;
  readonly constraint: string;
  readonly shape: readonly number[];
  readonly dtype: WeightDType;
  /** The execution provider that runs it. */
  readonly provider: string;
  readonly lowering: LoweringName;
  /**
   * `grouped`: in an array with others of its form; `one run`: in one run with others; `tiles`: in runs of its own, in tiles
   * that fit the cache; `none`: nothing is to be done.
   */
  readonly schedule: 'grouped' | 'one run' | 'tiles' | 'none';
  /**
   * How ONNX Runtime's answers get into its array: `no-copy`, written there and nothing else; `in-place`, written there
   * and copied into a new array that is thrown away; `returned`, copied from a new array. Absent on devices, and where
   * nothing is to be done.
   */
  readonly route?: OutputRoute;
  /** Bytes of weights read and written by a projection that changes every unit. */
  readonly bytesMoved: number;
  /** The operators that the provider hands to the CPU; empty where it runs all of them. */
  readonly cpuNodes: readonly string[];
  /** The providers in front of this one in the list, and why they do not run it. */
  readonly refusals: readonly ParameterRefusal[];
}

/** A graph's bytes, with the provider it is compiled for. */
export interface PlannedModel {
  readonly provider: ProviderEntry;
  readonly bytes: Uint8Array;
  /** Whether its nodes are too small to be shared among threads. */
  readonly singleThread: boolean;
}

/** Where the weights of a parameter lie in a group's array: `runs` pieces of `length`, the first at `offset`. */
export interface Place {
  readonly offset: number;
  readonly runs: number;
  readonly length: number;
  /** From the start of one piece to the next. */
  readonly stride: number;
}

/** An input of a run with its output: one parameter, or the copies of several in one array. */
export interface Slot {
  readonly input: string;
  readonly output: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly members: readonly ({ readonly parameter: string } & Place)[];
  /** Whether its array has room between the members, which must be zero. */
  readonly padded: boolean;
}

/** One run for many weights. */
export interface RunJob {
  readonly kind: 'run';
  readonly model: number;
  readonly slots: readonly Slot[];
  /** Whether the weights are in the processor's memory while it runs. */
  readonly onHost: boolean;
}

/** One weight in many runs; numbers are places in `models`. */
export interface TileJob {
  readonly kind: 'tiles';
  readonly parameter: string;
  /** The dtype that is fed, and the one of sums and factors. */
  readonly dtype: DType;
  readonly factorDtype: 'float32' | 'float64';
  readonly forms: readonly TileForm<number>[];
}

export interface ProjectionPlan {
  readonly parameters: readonly ParameterReport[];
  readonly models: readonly PlannedModel[];
  readonly jobs: readonly (RunJob | TileJob)[];
}
