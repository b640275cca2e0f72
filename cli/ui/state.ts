// Run events → what a screen shows: a pure fold, no clock and no terminal.
import type { RunEvent, StageState } from '../../runtime/events.ts'

export interface StageRow {
  readonly stage: string
  readonly what: string
  readonly key: string
  readonly state: StageState
  readonly status: 'waiting' | 'running' | 'done' | 'stopped' | 'failed'
}

export interface Progress {
  readonly stage: string
  readonly done: number
  readonly total: number
  readonly unit: string
  /** Where this process began, so that the rate is its own. */
  readonly from: number
  readonly seconds: number
}

type Step = Extract<RunEvent, { kind: 'step' }>
type Unmask = Extract<RunEvent, { kind: 'unmask' }>

export interface UiState {
  readonly device: string
  readonly stages: readonly StageRow[]
  readonly progress?: Progress
  readonly step?: Step
  readonly losses: readonly { readonly step: number; readonly loss: number }[]
  readonly unmask?: Unmask
  readonly note?: string
  /** Lines that stay: validations, samples, metrics, failures. */
  readonly lines: readonly { readonly id: number; readonly text: string; readonly tone: Tone }[]
}
export type Tone = 'plain' | 'good' | 'bad' | 'faint'

export const initial: UiState = { device: '', stages: [], losses: [], lines: [] }

export function fold(state: UiState, event: RunEvent): UiState {
  switch (event.kind) {
    case 'run':
      return {
        ...state,
        device: event.device,
        stages: event.stages.map((s) => ({ ...s, status: s.state === 'cached' ? 'done' : 'waiting' })),
      }
    case 'stage': {
      const progress = { stage: event.stage, done: 0, total: event.total, unit: event.unit, from: -1, seconds: 0 }
      const { device, stages, lines } = mark(state, event.stage, 'running')
      return { device, stages, lines, losses: [], progress }
    }
    case 'note':
      return { ...state, note: event.text }
    case 'step': {
      const from = state.progress === undefined || state.progress.from < 0 ? event.step - 1 : state.progress.from
      const progress = { stage: event.stage, done: event.step, total: event.total, unit: 'steps', from, seconds: event.seconds }
      return { ...state, note: undefined, step: event, progress, losses: [...state.losses, { step: event.step, loss: event.loss }] }
    }
    case 'progress': {
      const unit = state.progress?.unit ?? ''
      return {
        ...state,
        note: undefined,
        progress: { stage: event.stage, done: event.done, total: event.total, unit, from: 0, seconds: event.seconds },
      }
    }
    case 'unmask':
      return { ...state, note: undefined, unmask: event }
    case 'validation':
    case 'metric':
      return say(state, describe(event), 'good')
    case 'sampled':
      return say({ ...state, unmask: undefined }, describe(event), 'plain')
    case 'checkpoint':
      return state
    case 'done':
      return say(mark({ ...state, note: undefined, unmask: undefined }, event.stage, 'done'), describe(event), 'faint')
    case 'stopped':
      return say(mark(state, event.stage, 'stopped'), describe(event), 'plain')
    case 'failed':
      return say(mark(state, event.stage, 'failed'), describe(event), 'bad')
    default:
      return event satisfies never
  }
}

function mark(state: UiState, stage: string, status: StageRow['status']): UiState {
  return { ...state, stages: state.stages.map((s) => (s.stage === stage ? { ...s, status } : s)) }
}

function say(state: UiState, text: string, tone: Tone): UiState {
  return { ...state, lines: [...state.lines, { id: state.lines.length, text, tone }] }
}

/** An event as text for people; the same words on a screen and in a log. */
export function describe(event: RunEvent): string {
  switch (event.kind) {
    case 'run':
      return `on ${event.device}: ${event.stages.map((s) => `${s.what} ${s.stage} [${s.key.slice(0, 12)}] ${s.state}`).join(', ')}`
    case 'stage':
      return `${event.stage}: ${event.state}, ${event.total} ${event.unit}, in ${event.folder}`
    case 'note':
      return `${event.stage}: ${event.text}`
    case 'step':
      return (
        `${event.stage} ${event.step}/${event.total}  loss ${event.loss.toFixed(4)}  norm ${event.norm.toFixed(2)}  lr ${event.rate.toExponential(2)}` +
        `  ${si(event.tokensPerSecond)} tok/s  ${si(event.flopsPerSecond)}FLOP/s  ${bytes(event.memory)}  ${left(event)}`
      )
    case 'validation':
      return (
        `${event.stage} ${event.step}: held-out bound ${event.bound.toFixed(4)} ± ${event.error.toFixed(4)} nats per token` +
        ` (unigram entropy ${event.unigram.toFixed(4)})`
      )
    case 'checkpoint':
      return `${event.stage} ${event.step}: saved`
    case 'unmask':
      return `${event.stage}: ${event.step}/${event.total}`
    case 'sampled':
      return `— ${event.stage}, sample ${event.sample + 1} (${event.forwards} forwards)\n${event.text}`
    case 'progress':
      return `${event.stage} ${event.done}/${event.total}`
    case 'metric':
      return [`${event.stage}: ${event.name} ${event.value.toFixed(4)} ± ${event.error.toFixed(4)} ${event.unit}`, ...event.notes].join(
        '\n  ',
      )
    case 'done':
      return `${event.stage}: done in ${duration(event.seconds)}, in ${event.folder}`
    case 'stopped':
      return `${event.stage}: stopped at ${event.step} of ${event.total}; run the same command again to go on`
    case 'failed':
      return [`${event.stage}: ${event.message} [${event.code}]`, ...event.advice].join('\n  = ')
    default:
      return event satisfies never
  }
}

function left({ total, step, seconds }: Step): string {
  return `${duration(seconds)} so far, step ${step} of ${total}`
}

/** 1234567 → `1.23 M`. */
export function si(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P']
  const power = value >= 1000 ? Math.min(units.length - 1, Math.floor(Math.log10(value) / 3)) : 0
  return `${(value / 1000 ** power).toPrecision(3)} ${units[power]!}`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = value >= 1024 ? Math.min(units.length - 1, Math.floor(Math.log2(value) / 10)) : 0
  return `${(value / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]!}`
}

/** Seconds → `1h 02min`, `3min 05s`, `12s`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds)
  const two = (n: number): string => String(n).padStart(2, '0')
  if (s >= 3600) return `${Math.floor(s / 3600)}h ${two(Math.floor((s % 3600) / 60))}min`
  return s >= 60 ? `${Math.floor(s / 60)}min ${two(s % 60)}s` : `${s}s`
}
