// Events of a run of three stages: `old` is cached, `tiny` trains, `story` waits.
import type { RunEvent, StageState } from '../../runtime/events.ts'

type Kind<K extends RunEvent['kind']> = Extract<RunEvent, { kind: K }>

export const head: Kind<'run'> = {
  kind: 'run',
  device: 'a device',
  stages: [
    { stage: 'old', what: 'train', key: '0'.repeat(64), state: 'cached' },
    { stage: 'tiny', what: 'train', key: '1'.repeat(64), state: 'new' },
    { stage: 'story', what: 'sample', key: '2'.repeat(64), state: 'new' },
  ],
}

export const events = {
  stage: (state: StageState, total: number): Kind<'stage'> => ({
    kind: 'stage',
    stage: 'tiny',
    state,
    folder: 'store/tiny',
    total,
    unit: 'steps',
  }),
  note: { kind: 'note', stage: 'tiny', text: 'reading data' },
  done: { kind: 'done', stage: 'tiny', folder: 'store/tiny', seconds: 3 },
  stopped: { kind: 'stopped', stage: 'tiny', step: 6, total: 10 },
  failed: { kind: 'failed', stage: 'tiny', code: 'disk-full', message: 'the disk is full', advice: ['free some space'] },
  sampled: { kind: 'sampled', stage: 'story', sample: 0, text: 'a b c', forwards: 3 },
  validation: { kind: 'validation', stage: 'tiny', step: 5, bound: 2.5, error: 0.1, unigram: 3 },
} as const

export function stepEvent(change: Partial<Kind<'step'>>): Kind<'step'> {
  return {
    kind: 'step',
    stage: 'tiny',
    step: 1,
    total: 10,
    loss: 2,
    norm: 1,
    rate: 1e-3,
    tokens: 64,
    seconds: 1,
    tokensPerSecond: 1000,
    flopsPerSecond: 2e6,
    memory: 1024,
    ...change,
  }
}
