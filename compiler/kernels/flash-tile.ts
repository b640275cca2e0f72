// Attention on a matrix unit, cut for a device: every tile there is, which of them fit, which one to try first, and where a workgroup's
// memory goes. In backward a choice among them changes no result: sums run over keys, or queries, in the same order whatever the tile.
// In forward it does by rounding in f32: a tile's keys decide when the maximum moves on and which lane adds up which weights.
import type { Type } from '../graph/graph.ts'
import { find } from './attention-layout.ts'
import { matrixUnit, type MatrixUnit } from './matrix-unit.ts'
import { inMemory } from './rows.ts'
import { powerOfTwo } from './tile.ts'
import type { AttentionRequest } from './written.ts'

/** A workgroup's `subgroups` own `blocks` fragments of rows each, queries or in dkv keys; `tile` rows of the other side stream past at a time. */
export interface FlashTile {
  readonly subgroups: number
  readonly blocks: number
  readonly tile: number
  /** Streamed tiles in workgroup memory: with two, the next one is stored while this one is in use, which saves barriers in backward. */
  readonly stages: 1 | 2
}

/** Every tile there is. New ones go to the end, since measured choices are remembered by their places. */
export const flashTileTable: readonly FlashTile[] = [
  { subgroups: 4, blocks: 2, tile: 32, stages: 1 },
  { subgroups: 4, blocks: 1, tile: 64, stages: 1 },
  { subgroups: 4, blocks: 1, tile: 32, stages: 1 },
  { subgroups: 8, blocks: 1, tile: 32, stages: 1 },
  { subgroups: 4, blocks: 1, tile: 32, stages: 2 },
  { subgroups: 4, blocks: 1, tile: 16, stages: 1 },
  { subgroups: 4, blocks: 1, tile: 16, stages: 2 },
  { subgroups: 2, blocks: 2, tile: 32, stages: 1 },
  { subgroups: 2, blocks: 1, tile: 64, stages: 1 },
  { subgroups: 2, blocks: 1, tile: 32, stages: 1 },
  { subgroups: 2, blocks: 1, tile: 16, stages: 1 },
  { subgroups: 1, blocks: 1, tile: 64, stages: 1 },
  { subgroups: 1, blocks: 1, tile: 32, stages: 1 },
  { subgroups: 1, blocks: 1, tile: 16, stages: 1 },
]

/** Matrices of a kind: operands that a subgroup keeps, sums, scores of a tile, weights made of them; barriers for each tile. */
const matrices = {
  forward: { kept: 1, sums: 1, scores: 1, weights: 1, barriers: 3 },
  dq: { kept: 2, sums: 1, scores: 2, weights: 1, barriers: 4 },
  dkv: { kept: 2, sums: 2, scores: 2, weights: 2, barriers: 4 },
} as const

/** A tile with all that follows from it. Places and pitches in workgroup memory count vec4s: eight f16 or four f32. */
export interface FlashCut extends FlashTile {
  readonly unit: MatrixUnit
  /** Elements of a row in fragments: those of a head, and zeros up to a multiple of the unit's sizes. */
  readonly head: number
  readonly filled: number
  readonly threads: number
  /** Rows that a subgroup owns, and that its workgroup does. */
  readonly rows: number
  readonly groupRows: number
  /** Lanes that share a row of scores, `columns` each, and rows that a lane sees one after another. */
  readonly lanes: number
  readonly columns: number
  readonly turns: number
  /**
   * From a row to the next: of an operand, of scores and sums in f32, of weights in f16. Odd where eight rows are read at a time, so that
   * they lie in different banks of eight vec4s. Fragments of sums are stored in halves of vec4s, four rows at a time: twice an odd number.
   */
  readonly pitch: { readonly row: number; readonly score: number; readonly weight: number }
  readonly pool: Pool
}

/** Streamed tiles first, each of the stages two of them and in dkv their rows' statistics; then every subgroup's scores and weights. */
interface Pool {
  readonly second: number
  readonly statistics: number
  readonly stage: number
  readonly scores: number
  /** From a subgroup's first matrix of scores to the second, and to the next subgroup's. */
  readonly score: number
  readonly scoresEach: number
  readonly weights: number
  readonly weight: number
  readonly weightsEach: number
  readonly size: number
}

/** The cuts that a device can run a request with: a measured one first, then by what they should take. Empty where no matrix unit fits. */
export function flashCuts(request: AttentionRequest): readonly FlashCut[] {
  const unit = unitFor(request)
  if (!unit) return []
  const legal = flashTileTable.map((tile) => cut(request, unit, tile)).filter((c) => fits(request, c))
  const guessed = legal.toSorted((a, b) => effort(request, a) - effort(request, b))
  const place = request.facts.tuned?.[flashKey(request)]
  const tuned = legal.find((c) => place !== undefined && isOf(c, flashTileTable[place]))
  return tuned ? [tuned, ...guessed.filter((c) => c !== tuned)] : guessed
}

/** The tiles of `flashCuts`, for a search of the fastest. */
export function flashTiles(request: AttentionRequest): readonly FlashTile[] {
  return flashCuts(request).map((c) => flashTileTable.find((tile) => isOf(c, tile))!)
}

/** A tile for requests of this class may be measured: the key of a choice in `facts.tuned`. */
export function flashKey(request: AttentionRequest): string {
  const { kind, attrs, q, wantDs = false } = request
  const { own, streamed, slices } = countsOf(request)
  const shape = [own, streamed, slices].map(powerOfTwo).join('x')
  return `attention ${kind}${wantDs ? ' ds' : ''}${attrs.causal ? ' causal' : ''} ${find(q, attrs.head).size} ${shape}`
}

function isOf(c: FlashCut, tile: FlashTile | undefined): boolean {
  return (
    tile !== undefined && c.subgroups === tile.subgroups && c.blocks === tile.blocks && c.tile === tile.tile && c.stages === tile.stages
  )
}

/** What fragments may have of zeros beside a head: smaller ones would take more instructions for the same. */
const rest = 1.25

/** Heads must be stored as vec4s of eight halves. Where the largest unit's fragments leave much empty, one that cuts heads without a rest is taken. */
function unitFor({ attrs, q, k, v, facts }: AttentionRequest): MatrixUnit | undefined {
  const isRow = (type: Type) => type.dtype === 'f16' && type.dims.at(-1)?.name === attrs.head && inMemory(type).at(-1)!.size % 8 === 0
  if (![q, k, v].every(isRow)) return undefined
  const head = find(q, attrs.head).size
  const largest = matrixUnit(facts)
  if (!largest || paddedHead(largest, head) <= rest * head) return largest
  const subgroupMatrices = facts.subgroupMatrices?.filter((unit) => divides(unit, head))
  return matrixUnit({ ...facts, subgroupMatrices }) ?? largest
}

const divides = ({ N, K }: Pick<MatrixUnit, 'N' | 'K'>, head: number): boolean => head % N === 0 && head % K === 0

/** Elements of a row in fragments of a unit. */
function paddedHead(unit: MatrixUnit, head: number): number {
  if (divides(unit, head)) return head
  const step = Math.max(16, unit.N, unit.K)
  return Math.ceil(head / step) * step
}

function cut({ kind, attrs, q }: AttentionRequest, unit: MatrixUnit, tile: FlashTile): FlashCut {
  const filled = find(q, attrs.head).size
  const head = paddedHead(unit, filled)
  const rows = tile.blocks * unit.M
  const lanes = Math.max(1, unit.subgroup / unit.M)
  const pitch = { row: (head / 8 + 1) | 1, score: tile.tile / 4 + 2, weight: tile.tile / 8 + 1 }
  return {
    ...tile,
    unit,
    head,
    filled,
    threads: tile.subgroups * unit.subgroup,
    rows,
    groupRows: tile.subgroups * rows,
    lanes,
    columns: tile.tile / lanes,
    turns: (rows * lanes) / unit.subgroup,
    pitch,
    pool: poolOf(kind, rows, tile, pitch),
  }
}

function poolOf(kind: AttentionRequest['kind'], rows: number, tile: FlashTile, pitch: FlashCut['pitch']): Pool {
  const { scores: matricesOfScores, weights: matricesOfWeights } = matrices[kind]
  const second = tile.tile * pitch.row
  const statistics = 2 * second
  const stage = statistics + (kind === 'dkv' ? tile.tile / 2 : 0)
  const scores = tile.stages * stage
  const [score, weight] = [rows * pitch.score, rows * pitch.weight]
  const [scoresEach, weightsEach] = [matricesOfScores * score, matricesOfWeights * weight]
  const weights = scores + tile.subgroups * scoresEach
  // At first the owned rows pass through the pool.
  const size = Math.max(weights + tile.subgroups * weightsEach, tile.subgroups * rows * pitch.row)
  return { second, statistics, stage, scores, score, scoresEach, weights, weight, weightsEach, size }
}

function fits({ kind, facts: { limits } }: AttentionRequest, { unit, tile, stages, threads, lanes, turns, pool }: FlashCut): boolean {
  const flags = kind === 'forward' ? 8 : 0
  return (
    [tile / unit.N, tile / unit.K, tile / (8 * lanes), turns].every(Number.isInteger) &&
    (stages === 1 || kind !== 'forward') &&
    threads % unit.largest === 0 &&
    threads <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX) &&
    pool.size * 16 + flags <= limits.maxComputeWorkgroupStorageSize
  )
}

/** Workgroups that a large GPU runs at once. */
const atOnce = 256
/** Registers of a lane for fragments and tiles on their way that leave room for other workgroups on the same processor. */
const few = 160

/** Relative time: rounds of workgroups, and what a pair of rows costs in multiplications, fragments' loads, tiles' loads and barriers. A guess until measured. */
function effort(request: AttentionRequest, { unit, head, rows, groupRows, blocks, tile, stages, threads }: FlashCut): number {
  const { kept, sums, barriers } = matrices[request.kind]
  const { own, slices } = countsOf(request)
  const rounds = Math.ceil((Math.ceil(own / groupRows) * slices) / atOnce)
  const registers = (rows * head * (kept / 2 + sums)) / unit.subgroup + (tile * head) / threads
  const pair = 1 + 1 / blocks + 32 / groupRows + (4 * (stages === 2 ? barriers - 2 : barriers)) / tile
  return rounds * groupRows * pair * Math.max(1, registers / few) ** 2
}

/** Rows that kernels own and that stream past each, and slices of own rows; live sizes at their bounds. */
function countsOf({ kind, attrs, q, k }: AttentionRequest): { readonly own: number; readonly streamed: number; readonly slices: number } {
  const inner = [attrs.query, attrs.key, attrs.head]
  const slicesOf = (type: Type) => type.dims.reduce((n, { name, size }) => (inner.includes(name) ? n : n * size), 1)
  const [queries, keys] = [find(q, attrs.query).size, find(k, attrs.key).size]
  if (kind !== 'dkv') return { own: queries, streamed: keys, slices: slicesOf(q) }
  return { own: keys, streamed: (queries * slicesOf(q)) / slicesOf(k), slices: slicesOf(k) }
}
