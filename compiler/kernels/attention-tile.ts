// How attention is cut for a device. A workgroup owns `rows` rows (queries; keys in dkv) and streams tiles of `tile` rows of the other side
// through workgroup memory. `lanes` neighbouring threads share an owned row: lane l holds its vec4s l, l + lanes, … in registers,
// so that the lanes read neighbouring words of a streamed row. Partial dot products meet by shuffles or through workgroup memory.
import { bug } from '../bug.ts'
import type { DeviceFacts } from '../facts.ts'
import type { AttentionRequest } from './written.ts'

export interface Tile {
  readonly lanes: number
  readonly rows: number
  readonly threads: number
  /** Streamed rows per tile, a multiple of `chunk`. */
  readonly tile: number
  /** Streamed rows whose scores a thread holds at a time. */
  readonly chunk: number
  /** vec4s of a row in workgroup memory, padding included, and of one lane's share of it. */
  readonly vectors: number
  readonly share: number
  readonly shuffle: boolean
  /** Write repetitions out, which keeps vectors in registers. Software drivers take seconds to compile such code: they get loops. */
  readonly unroll: boolean
}

/** Row vectors that a thread keeps: q and O; q, dy and dQ; k, v, dK and dV. */
const kept = { forward: 2, dq: 3, dkv: 4 } as const
/** Floats in them that leave a thread registers to work with. */
const registers = 128
/** Workgroup memory for the two tiles: more would keep other workgroups off the processor. */
const tileBytes = 16384

/** The largest chunk whose tiles fit; throws for heads beyond what the device's workgroup memory holds. */
export function tileOf(kind: AttentionRequest['kind'], head: number, facts: DeviceFacts): Tile {
  const tile = [8, 4, 2].map((chunk) => cut(kind, head, facts, chunk)).find((cut) => cut.tile > 0 && cut.rows > 0)
  if (!tile) return bug(`attention with heads of ${head} does not fit ${facts.name}`)
  return tile
}

function cut(kind: AttentionRequest['kind'], head: number, { limits, features, subgroup, software }: DeviceFacts, chunk: number): Tile {
  const lanes = 2 ** Math.max(0, Math.ceil(Math.log2((kept[kind] * head) / registers)))
  const share = Math.ceil(head / (4 * lanes))
  const vectors = share * lanes
  const shuffle = lanes > 1 && features.includes('subgroups') && subgroup !== undefined && subgroup.min >= lanes
  const threads = lanes === 1 ? 64 : 128
  const scratch = lanes > 1 && !shuffle ? threads * chunk * 4 * (kind === 'forward' ? 1 : 2) : 0
  const perRow = 2 * vectors * 16 + (kind === 'dkv' ? 8 : 0)
  const budget = Math.min(tileBytes, limits.maxComputeWorkgroupStorageSize - scratch)
  const tile = Math.min(64, Math.floor(budget / perRow / chunk) * chunk)
  return { lanes, rows: Math.floor(threads / lanes), threads, tile, chunk, vectors, share, shuffle, unroll: !software }
}
