// Group F: chain rule, Monte Carlo and greedy suffix of targets after prefixes, with and without guidance.
import type { Noise } from '../../compiler/plan/jobs.ts'
import { greedySuffix, pairChainRule, pairMonteCarlo, type Pair } from '../../runtime/likelihood/pair.ts'
import { Estimator, type Noised } from '../../runtime/likelihood/scored.ts'
import { programOf } from '../../runtime/program.ts'
import { score } from '../../runtime/score.ts'
import type { Case, Config } from './case.ts'
import { stored, type Stored } from './case.ts'
import { tolerated } from './half.ts'
import { equal, measured, type Outcome } from './outcome.ts'
import { loadReference, type Bench, type Reference } from './reference.ts'

interface PairFacts {
  readonly pair: number
  readonly chain_rule_nll?: Readonly<Record<string, number>>
  readonly nll?: number
  readonly mc?: Readonly<
    Record<string, { readonly batch_size: number; readonly exact_expectation: number; readonly std_of_one_call: number }>
  >
}

/** Monte Carlo calls of our own; the tolerance follows from their number. */
const CALLS = 48

/** Padding, where the case asks for it, fills the input with masks to the model's context. */
interface Setting {
  readonly c: Case
  readonly bench: Bench
  readonly io: Stored
  readonly config: Config
  readonly padding: boolean
}

export async function likelihood(c: Case, bench: Bench): Promise<readonly Outcome[]> {
  const config = c.json['config'] as Config
  if (config.mask_id === undefined) return [{ kind: 'unsupported', why: 'autoregressive likelihood' }]
  const io = await stored(c, 'io.safetensors')
  const padding = (c.json['harness'] as { padding?: boolean } | undefined)?.padding === true
  const setting: Setting = { c, bench, io, config, padding }
  const outcomes: Outcome[] = []
  for (const facts of c.json['pairs'] as readonly PairFacts[]) outcomes.push(...(await comparePair(setting, facts)))
  return outcomes
}

async function comparePair(s: Setting, facts: PairFacts): Promise<readonly Outcome[]> {
  const ids = (name: string): Int32Array => Int32Array.from(s.io[`p${facts.pair}.${name}`]!.data)
  const pair: Pair = { prefix: ids('prefix'), target: ids('target') }
  const own = pair.prefix.length + pair.target.length
  const time = s.padding ? s.config.block_size : own
  const mask = s.config.mask_id!
  const tolerance = tolerated(s.bench, 'nll', (s.c.json['tolerance'] as { chain_rule_nll_abs: number }).chain_rule_nll_abs)
  await using model = await loadReference(s.c, s.bench, { batch: 32, time }, ['nll', 'guided_nll'])
  await using single = await loadReference(s.c, s.bench, { batch: 2, time }, ['logits'])
  const total = (draws: Iterable<Noised>, guidance: number): Promise<number> => nll(model, padded(draws, time, mask), pair, time, guidance)
  const outcomes: Outcome[] = []
  const name = `pair ${facts.pair}`
  for (const [key, expected] of Object.entries(facts.chain_rule_nll ?? {})) {
    const found = await total(pairChainRule(pair, mask), Number(key))
    outcomes.push(measured(`${name}: chain rule, guidance ${key}`, Math.abs(found - expected), tolerance))
  }
  for (const [key, mc] of Object.entries(facts.mc ?? {})) {
    const noise: Noise = { p: (t) => t, weight: (t) => 1 / t }
    const found = await total(pairMonteCarlo(pair, noise, mc.batch_size, CALLS, mask, 1), Number(key))
    const error = Math.abs(found - mc.exact_expectation) / (mc.std_of_one_call / Math.sqrt(CALLS))
    outcomes.push(measured(`${name}: Monte Carlo, guidance ${key}, standard errors`, error, 4.5))
  }
  for (const key of Object.keys(s.io).filter((k) => k.startsWith(`p${facts.pair}.greedy_cfg`) && k.endsWith('.result'))) {
    const guidance = Number(/greedy_cfg([\d.]+)\.result/.exec(key)![1])
    const prefix = ids(`${key.slice(key.indexOf('.') + 1, -'.result'.length)}.prefix`)
    const expected = s.io[key]!.data
    const predict = predictor(single, time, mask)
    const found = await greedySuffix(prefix, expected.length, guidance, mask, s.config.padded_vocab_size, predict)
    const same = found.every((id, i) => id === expected[i])
    outcomes.push(equal(`${name}: greedy suffix, guidance ${guidance}`, same))
  }
  return outcomes
}

/** Logits of sequences, each padded with masks to the model's length and cut back. */
function predictor(model: Reference, time: number, mask: number) {
  return async (sequences: readonly Int32Array[]): Promise<Float32Array> => {
    const tokens = new Int32Array(2 * time).fill(mask)
    sequences.forEach((s, i) => tokens.set(s, i * time))
    const { logits } = await model.executable.run('logits', { tokens })
    const [length, vocab] = [sequences[0]!.length, model.model.vocab]
    const cut = new Float32Array(sequences.length * length * vocab)
    sequences.forEach((_, i) =>
      cut.set((logits as Float32Array).subarray(i * time * vocab, (i * time + length) * vocab), i * length * vocab),
    )
    return cut
  }
}

function* padded(draws: Iterable<Noised>, time: number, mask: number): Iterable<Noised> {
  for (const draw of draws) {
    const tokens = new Int32Array(time).fill(mask)
    tokens.set(draw.tokens)
    yield { ...draw, tokens }
  }
}

async function nll(model: Reference, draws: Iterable<Noised>, pair: Pair, time: number, guidance: number): Promise<number> {
  const program = programOf(model.plan, guidance === 0 ? 'nll' : 'guided_nll')!
  const strength = guidance === 0 ? undefined : { strength: guidance, prompt: pair.prefix.length }
  const estimator = new Estimator(1)
  const scorer = { executable: model.executable, program, batch: 32, time, mask: model.model.vocab, guidance: strength }
  for await (const batch of score(scorer, draws)) batch.forEach(({ draw, sum }) => estimator.add(draw, sum))
  return estimator.estimate().value
}
