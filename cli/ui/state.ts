// Run events → what a screen shows: a pure fold, no clock and no terminal. Its size is bounded, however long the run.
import type { RunEvent, StageState } from '../../runtime/events.ts'
import { describe } from './words.ts'

export interface StageRow {
  readonly stage: string
  readonly what: string
  readonly key: string
  readonly state: StageState
  readonly status: 'waiting' | 'running' | 'done' | 'stopped' | 'failed'
  /** Where its result is, once it has begun. */
  readonly folder?: string
}

/** How far a stage is, in steps or sequences, and when. */
export interface Mark {
  readonly done: number
  readonly seconds: number
}

export interface Progress {
  readonly total: number
  readonly unit: string
  readonly now: Mark
  /** The first this process reported: what came before was another's work, or warming up. */
  readonly first?: Mark
}

/** The mean of `count` neighbouring losses, and the last of their steps. */
export interface LossPoint {
  readonly step: number
  readonly loss: number
  readonly count: number
}

type Step = Extract<RunEvent, { kind: 'step' }>
type Unmask = Extract<RunEvent, { kind: 'unmask' }>

/** The sample that is looked at, and which of its tokens are new since the last look. */
export interface Preview extends Unmask {
  readonly fresh: ReadonlySet<number>
}

export interface UiState {
  readonly device: string
  readonly stages: readonly StageRow[]
  readonly progress?: Progress
  readonly step?: Step
  readonly losses: readonly LossPoint[]
  readonly preview?: Preview
  readonly note?: string
  /** Lines that stay: validations, samples, metrics, failures. */
  readonly lines: readonly { readonly id: number; readonly text: string; readonly tone: Tone }[]
}
export type Tone = 'plain' | 'good' | 'bad' | 'faint'

export const initial: UiState = { device: '', stages: [], losses: [], lines: [] }

/** More points than a curve has columns, twice over. */
const MOST_POINTS = 1024

export function fold(state: UiState, event: RunEvent): UiState {
  switch (event.kind) {
    case 'run':
      return {
        ...state,
        device: event.device,
        stages: event.stages.map((s) => ({ ...s, status: s.state === 'cached' ? 'done' : 'waiting' })),
      }
    case 'stage': {
      const progress = event.state === 'cached' ? undefined : { total: event.total, unit: event.unit, now: { done: 0, seconds: 0 } }
      const { device, stages, lines } = mark(state, event.stage, 'running', event.folder)
      return { device, stages, lines, losses: [], progress }
    }
    case 'note':
      return { ...mark(state, event.stage, 'running'), note: event.text }
    case 'step': {
      const losses = extended(state.losses, { step: event.step, loss: event.loss, count: 1 })
      return { ...advanced(state, event.total, { done: event.step, seconds: event.seconds }), step: event, losses }
    }
    case 'progress':
      return advanced(state, event.total, event)
    case 'unmask':
      return { ...state, note: undefined, preview: looked(state.preview, event) }
    case 'validation':
    case 'metric':
    case 'table':
      return say(state, describe(event), 'good')
    case 'sampled':
      return say({ ...state, preview: undefined }, describe(event), 'plain')
    case 'checkpoint':
      return state
    case 'done': {
      const finished = quiet(mark(state, event.stage, 'done'))
      const cached = state.stages.some((s) => s.stage === event.stage && s.state === 'cached')
      return cached ? finished : say(finished, describe(event), 'faint')
    }
    case 'stopped':
      return say(quiet(mark(state, event.stage, 'stopped')), describe(event), 'plain')
    case 'failed':
      return say(quiet(mark(state, event.stage, 'failed')), describe(event), 'bad')
    default:
      return event satisfies never
  }
}

/** Units a second of this process, and seconds left; undefined until two reports tell. */
export function pace({ total, now, first }: Progress): { readonly rate: number; readonly left: number } | undefined {
  if (first === undefined || now.done <= first.done || now.seconds <= first.seconds) return undefined
  const rate = (now.done - first.done) / (now.seconds - first.seconds)
  return { rate, left: (total - now.done) / rate }
}

function advanced(state: UiState, total: number, { done, seconds }: Mark): UiState {
  const now = { done, seconds }
  const { first = now, unit = 'steps' } = state.progress ?? {}
  return { ...state, note: undefined, progress: { total, unit, now, first } }
}

/** Of a batch, the first sample is looked at until it is done. */
function looked(before: Preview | undefined, event: Unmask): Preview {
  if (before === undefined) return { ...event, fresh: new Set() }
  if (event.sample > before.sample) return before
  const fresh = event.pieces.flatMap((p, i) => (p !== null && before.pieces[i] === null ? [i] : []))
  return { ...event, fresh: new Set(fresh) }
}

/** All points stand for as many losses as the first, the last perhaps for fewer; when there are too many, for twice as many. */
function extended(points: readonly LossPoint[], point: LossPoint): readonly LossPoint[] {
  const [first, last] = [points[0], points.at(-1)]
  if (first !== undefined && last !== undefined && last.count < first.count) return [...points.slice(0, -1), joined(last, point)]
  if (points.length < MOST_POINTS) return [...points, point]
  const pairs = points.flatMap((p, i) => (i % 2 === 1 ? [joined(points[i - 1]!, p)] : []))
  return [...pairs, point]
}

function joined(a: LossPoint, b: LossPoint): LossPoint {
  const count = a.count + b.count
  return { step: b.step, loss: (a.loss * a.count + b.loss * b.count) / count, count }
}

/** Nothing is under way any more. */
function quiet({ device, stages, losses, lines }: UiState): UiState {
  return { device, stages, losses, lines }
}

function mark(state: UiState, stage: string, status: StageRow['status'], folder?: string): UiState {
  return { ...state, stages: state.stages.map((s) => (s.stage === stage ? { ...s, status, folder: folder ?? s.folder } : s)) }
}

function say(state: UiState, text: string, tone: Tone): UiState {
  return { ...state, lines: [...state.lines, { id: state.lines.length, text, tone }] }
}
