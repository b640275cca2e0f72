// What is compared: one training step or one batch of samples of one model, as plain data that both programs are told.

import type { Floor } from './floor.ts'

interface CaseBase {
  /** Of the family, `170M`; or `tiny`, for tests. */
  readonly preset: string
  readonly vocab: number
  /** Tokens of a sequence. */
  readonly length: number
  /** Of a step, or samples of a batch. */
  readonly sequences: number
  /** Of our products. */
  readonly precision: 'f32' | 'f16'
}

export interface TrainCase extends CaseBase {
  readonly kind: 'train'
}

export interface SampleCase extends CaseBase {
  readonly kind: 'sample'
  /** Rounds of the sampler. */
  readonly steps: number
  readonly guidance: number
  /** Tokens given at the front of each sample. */
  readonly prompt: number
}

export type Case = TrainCase | SampleCase

/** What one program says when it is ready: what it is, and what one unit of its work (a step, or a batch of samples) is. */
export interface Facts {
  readonly program: string
  readonly device: string
  readonly driver?: string
  /** What computes. `software` is a GPU made of software: it shows that a program works, and its times say nothing. */
  readonly kind: 'gpu' | 'cpu' | 'software'
  readonly precision: string
  readonly parameters: number
  /** Tokens of a unit: trained on, or written. */
  readonly tokens: number
  /** Passes of a sampler that one unit takes, two under guidance counted as one. */
  readonly rounds?: number
  /** Floating-point operations of a unit, where they are known. */
  readonly flops?: number
  /** Of ours on a GPU whose peaks are known. */
  readonly floor?: Floor
}

/** What it says of some units, run one behind the other. */
export interface Round {
  readonly units: number
  /** Milliseconds of all of them, from before the first was asked for until the last was done. */
  readonly total: number
  /** Of those, on a processor. */
  readonly busy: number
  /** Bytes: of the device, or of the process on the CPU. */
  readonly memory: number
  /** Mean of the steps: nats per token. */
  readonly loss?: number
  /** Steps that changed no weight, because gradients in f16 overflowed. */
  readonly skipped?: number
  /** Masks that a sampler has left in a batch: none, if it works. */
  readonly masks?: number
}

/** What a command line may ask for; every list is gone through. */
export interface Wanted {
  readonly kinds: readonly Case['kind'][]
  readonly presets: readonly string[]
  readonly vocab: number
  readonly precision: CaseBase['precision']
  /** Of training: tokens of a sequence, and sequences of a step, if not those of the paper's scripts. */
  readonly context: number
  readonly sequences?: readonly number[]
  /** Of sampling. */
  readonly batch: readonly number[]
  readonly length: readonly number[]
  readonly steps: readonly number[]
  readonly guidance: readonly number[]
}

/** Sequences of 2048 tokens in a micro-batch of the paper's scripts; 8 for those in between. */
const SEQUENCES: Readonly<Record<string, number>> = { '6M': 32, '19M': 32, '1028M': 4 }
/** Tokens of the prompt, where guidance needs one. */
const PROMPT = 16

export function casesOf(wanted: Wanted): readonly Case[] {
  const { vocab, precision } = wanted
  const train = (preset: string): readonly TrainCase[] =>
    (wanted.sequences ?? [SEQUENCES[preset] ?? 8]).map((sequences) => {
      return { kind: 'train', preset, vocab, precision, length: wanted.context, sequences }
    })
  const sample = (preset: string): readonly SampleCase[] =>
    wanted.batch.flatMap((sequences) =>
      wanted.length.flatMap((length) =>
        wanted.steps.flatMap((steps) =>
          wanted.guidance.map((guidance): SampleCase => {
            const prompt = guidance === 0 ? 0 : PROMPT
            return { kind: 'sample', preset, vocab, precision, sequences, length, steps, guidance, prompt }
          }),
        ),
      ),
    )
  return wanted.presets.flatMap((preset) => wanted.kinds.flatMap((kind): readonly Case[] => (kind === 'train' ? train : sample)(preset)))
}

/** `train 170M, 8 × 2048` or `sample 170M, 64 × 256, 128 steps, guidance 0.6`. */
export function nameOf(c: Case): string {
  const size = `${c.kind} ${c.preset}, ${c.sequences} × ${c.length}`
  if (c.kind === 'train') return size
  return `${size}, ${c.steps} steps${c.guidance === 0 ? '' : `, guidance ${c.guidance}`}`
}
