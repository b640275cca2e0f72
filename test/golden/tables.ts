// Group G: parameter counts, state-dict layouts, unmasking counts, learning rates and budgets, and the statistics of initial weights.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rateAt } from '../../compiler/build/rate.ts'
import { averageLength, stepsIn } from '../../compiler/check/convert.ts'
import { publishedTensors } from '../../runtime/checkpoint/rename.ts'
import { revealCounts } from '../../runtime/sampler/schedule.ts'
import { initialValues } from '../../runtime/weights.ts'
import type { Case, Config } from './case.ts'
import { equal, measured, type Outcome } from './outcome.ts'
import { modelOf, type Bench } from './reference.ts'

export async function tables(c: Case, bench: Bench): Promise<readonly Outcome[]> {
  const read = <T>(name: string): T | undefined => {
    const path = join(c.folder, name)
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined
  }
  const counts = read<Counts>('param_counts.json')
  const schedules = read<Schedules>('unmask_schedules.json')
  const rates = read<Rates>('lr_tables.json')
  const layout = read<Layouts>('state_dict_6M.json')
  const init = read<Init>('init_stats_6M.json')
  return [
    ...(counts === undefined ? [] : parameterCounts(counts, bench)),
    ...(schedules === undefined ? [] : [unmasking(schedules)]),
    ...(rates === undefined || counts === undefined ? [] : learningRates(rates, counts)),
    ...(layout === undefined ? [] : layouts(layout, bench)),
    ...(init === undefined ? [] : await initialStatistics(init, bench)),
  ]
}

interface Size {
  readonly total: number
  readonly non_embedding: number
}
interface Preset extends Config {
  readonly name: string
  readonly mdm: Size
  readonly ar: Size
}
interface Counts {
  readonly presets: readonly Preset[]
}

/** The configuration of a preset; a bidirectional one has a mask. */
function preset(p: Pick<Preset, keyof Config>, bidirectional: boolean): Config {
  return { ...p, mask_id: bidirectional ? p.padded_vocab_size : undefined }
}

function parameterCounts({ presets }: Counts, bench: Bench): readonly Outcome[] {
  return (['mdm', 'ar'] as const).map((kind) => {
    const wrong = presets.filter((p) => {
      const model = modelOf(preset(p, kind === 'mdm'), bench.prelude)
      return model.parameters !== p[kind].total || model.nonEmbedding !== p[kind].non_embedding
    })
    return measured(`${kind} parameter counts of ${presets.length} presets, wrong ones`, wrong.length, 0)
  })
}

interface Schedules {
  readonly entries: readonly { readonly masked: number; readonly steps: number; readonly tokens_per_step: readonly number[] }[]
}

function unmasking({ entries }: Schedules): Outcome {
  const wrong = entries.filter((e) => revealCounts(e.masked, e.steps).join() !== e.tokens_per_step.join())
  return measured(`unmasking counts of ${entries.length} schedules, wrong ones`, wrong.length, 0)
}

interface Rates {
  readonly entries: readonly {
    readonly script: string
    readonly argv: readonly string[]
    readonly globals: Readonly<
      Record<'learning_rate' | 'min_lr' | 'warmup_iters' | 'lr_decay_iters' | 'max_step' | 'warmup_steps' | 'global_batch_size', number>
    >
    readonly lr_at_iteration: readonly (readonly [number, number])[]
  }[]
}

function learningRates({ entries }: Rates, { presets }: Counts): readonly Outcome[] {
  return entries.flatMap(({ script, argv, globals, lr_at_iteration }) => {
    const curve = {
      peak: globals.learning_rate,
      end: globals.min_lr,
      warmup: globals.warmup_iters,
      total: globals.lr_decay_iters,
      decay: 'cosine' as const,
    }
    const errors = lr_at_iteration.map(([at, lr]) => Math.abs(rateAt(curve, at) - lr) / (lr || 1))
    const name = `${script} ${argv.join(' ')}`
    const rates = measured(`rates of ${name}, relative`, Math.max(...errors), 1e-12)
    const steps = script.startsWith('pretrain/') ? budget(argv, globals.global_batch_size, presets) : undefined
    return steps === undefined ? [rates] : [rates, equal(`steps of ${name}`, steps === globals.max_step)]
  })
}

/** Steps that the command line's FLOPs buy, from the preset's count where it is among the tables. */
function budget(argv: readonly string[], batch: number, presets: readonly Preset[]): number | undefined {
  const value = (flag: string): number | undefined => {
    const i = argv.indexOf(flag)
    return i < 0 ? undefined : Number(argv[i + 1])
  }
  const parameters = presets.find((p) => p.name === `Diff_LLaMA_${value('--model')}M`)?.mdm.non_embedding
  const flops = value('--flops')
  if (parameters === undefined || flops === undefined) return undefined
  const length = averageLength(2048, value('--ssl_ratio') ?? 0)
  return stepsIn(
    { kind: 'quantity', number: flops * 1e18, dimension: 'flops' } as Parameters<typeof stepsIn>[0],
    { batch, length, parameters },
    0,
  )
}

interface Layouts {
  readonly models: readonly { readonly model: 'mdm' | 'ar'; readonly state_dict: readonly (readonly [string, readonly number[]])[] }[]
}

const SIX_MILLION: Config = {
  block_size: 2048,
  padded_vocab_size: 32000,
  n_layer: 6,
  n_head: 4,
  n_query_groups: 4,
  n_embd: 256,
  intermediate_size: 1024,
  rotary_percentage: 1,
  condense_ratio: 1,
  norm_eps: 1e-5,
  bias: false,
  parallel_residual: false,
  shared_attention_norm: false,
}

function layouts({ models }: Layouts, bench: Bench): readonly Outcome[] {
  return models.map(({ model: kind, state_dict }) => {
    const { weights } = modelOf(preset(SIX_MILLION, kind === 'mdm'), bench.prelude)
    const ours = publishedTensors(weights, () => new Float32Array()).map((t) => `${t.name} ${t.shape.join('x')}`)
    const theirs = state_dict.map(([name, shape]) => `${name} ${shape.join('x')}`)
    return equal(`${kind} state dict, names and shapes`, ours.sort().join() === theirs.sort().join())
  })
}

interface Init {
  readonly std_default: number
  readonly std_residual_outputs: number
  readonly tensors: readonly (readonly [string, number, number, string])[]
}

/** Our initial values are other draws of the same law: mean and deviation within six standard errors of the rule's. */
async function initialStatistics(init: Init, bench: Bench): Promise<readonly Outcome[]> {
  const { weights } = modelOf(preset(SIX_MILLION, true), bench.prelude)
  const ours = new Map<string, ArrayLike<number>>()
  for (const t of publishedTensors(weights, (w) => initialValues(w, 1))) ours.set(t.name, await t.data())
  const errors = init.tensors.map(([name, , std, rule]) => {
    const data = ours.get(name)
    if (data === undefined) return Number.NaN
    const expected = rule === 'ones' ? 0 : rule.includes('n_layer') ? init.std_residual_outputs : init.std_default
    return statisticError(data, rule === 'ones' ? 1 : 0, expected) + (std === 0 && expected !== 0 ? Number.NaN : 0)
  })
  return [measured(`initial weights of ${errors.length} tensors, worst, standard errors`, Math.max(...errors), 6)]
}

function statisticError(data: ArrayLike<number>, mean: number, std: number): number {
  const n = data.length
  let [sum, squares] = [0, 0]
  for (let i = 0; i < n; i++) {
    sum += data[i]! - mean
    squares += (data[i]! - mean) ** 2
  }
  if (std === 0) return squares === 0 ? 0 : Number.POSITIVE_INFINITY
  const found = Math.sqrt(squares / n - (sum / n) ** 2)
  return Math.max(Math.abs(sum / n) / (std / Math.sqrt(n)), Math.abs(found - std) / (std / Math.sqrt(2 * n)))
}
