// Group E: the confidence sampler at temperature 0 token by token, with the top-k over the whole batch as the reference has it, and
// the distribution of the ancestral (or confidence) sampler on a model so small that every outcome can be enumerated.
import { programOf, runProgram } from '../../runtime/program.ts'
import { drawing } from '../../runtime/random.ts'
import { ancestralSteps } from '../../runtime/sampler/ancestral.ts'
import { revealCounts } from '../../runtime/sampler/schedule.ts'
import type { SamplerSpec } from '../../compiler/check/pipeline.ts'
import type { Case, Config } from './case.ts'
import { stored } from './case.ts'
import { chiSquareP } from './chi-square.ts'
import { equal, measured, type Outcome } from './outcome.ts'
import { loadSampler, type Bench, type Reference } from './reference.ts'

interface Run {
  readonly run: number
  readonly batch: number
  readonly prompt_length: number
  readonly context_length: number
  readonly steps: number
  readonly cfg_scale: number
  readonly temperature: number
}

export async function sampling(c: Case, bench: Bench): Promise<readonly Outcome[]> {
  if ((c.json['config'] as Config).mask_id === undefined) return [{ kind: 'unsupported', why: 'autoregressive decoding' }]
  if (c.json['runs'] !== undefined) return tokenByToken(c, bench)
  if (c.json['exact_probability'] !== undefined) return distribution(c, bench)
  return [{ kind: 'unsupported', why: 'this form of sampling case' }]
}

async function tokenByToken(c: Case, bench: Bench): Promise<readonly Outcome[]> {
  const io = await stored(c, 'io.safetensors')
  const outcomes: Outcome[] = []
  for (const run of c.json['runs'] as readonly Run[]) {
    const { batch, context_length: time, prompt_length: prompt, steps } = run
    const sampler = spec('confidence', run.steps, run.temperature, run.cfg_scale)
    await using model = await loadSampler(c, bench, { batch, time }, sampler)
    const { mask } = begin(model)
    const tokens = new Int32Array(batch * time).fill(mask)
    for (let b = 0; b < batch; b++) {
      const given = io[`r${run.run}.prompt`]!.data.subarray(b * prompt, (b + 1) * prompt)
      tokens.set(given, b * time)
    }
    await model.executable.write('tokens', tokens)
    const states = io[`r${run.run}.states`]!.data
    let same = true
    let left = batch * (time - prompt)
    for (const [step, count] of revealCounts(left, steps).entries()) {
      const now = await model.executable.read('tokens')
      same &&= now.every((id, i) => id === states[step * batch * time + i])
      if (count === 0) continue
      await reveal(model, {
        step,
        prompt,
        count: Int32Array.of(count),
        slot: Math.min(time - prompt, left),
        batch,
        guidance: run.cfg_scale,
      })
      left -= count
    }
    const final = await model.executable.read('tokens')
    same &&= final.every((id, i) => id === io[`r${run.run}.final`]!.data[i])
    outcomes.push(equal(`run ${run.run}: ids before every step and at the end`, same))
  }
  return outcomes
}

interface Reveal {
  readonly step: number
  readonly prompt: number
  readonly count: Int32Array
  readonly slot: number
  readonly batch: number
  readonly guidance: number
}

async function reveal(model: Reference, r: Reveal): Promise<void> {
  const inputs = {
    count: r.count,
    prompt: new Int32Array(r.batch).fill(r.prompt),
    step: Int32Array.of(r.step),
    seed: Int32Array.of(0),
    sample: Int32Array.from({ length: r.batch }, (_, i) => i),
    temperature: Float32Array.of(0),
    guidance: Float32Array.of(r.guidance),
  }
  await runProgram(model.executable, programOf(model.plan, 'confidence')!, inputs, { slot: r.slot })
}

/** Rows are independent for the ancestral sampler; the confidence sampler is asked for one row's count in every row. */
const ROWS = 1000

async function distribution(c: Case, bench: Bench): Promise<readonly Outcome[]> {
  const { json } = c
  const [steps, temperature, guidance] = [json['steps'], json['temperature'], json['cfg_scale']] as [number, number, number]
  const [prompt, length, samples] = [json['prompt'], json['generated_length'], json['samples']] as [readonly number[], number, number]
  const exact = json['exact_probability'] as readonly number[]
  const kind = json['alg'] === 'origin' ? 'ancestral' : 'confidence'
  const time = prompt.length + length
  const sampler = { ...spec(kind, steps, temperature, guidance), pooled: false }
  await using model = await loadSampler(c, bench, { batch: ROWS, time }, sampler)
  const { mask, program } = begin(model, kind)
  const counts = new Float64Array(exact.length)
  for (let first = 0; first < samples; first += ROWS) {
    const ids = Array.from({ length: ROWS }, (_, b) => first + b)
    await model.executable.write(
      'tokens',
      Int32Array.from({ length: ROWS * time }, (_, i) => prompt[i % time] ?? mask),
    )
    const common = {
      prompt: new Int32Array(ROWS).fill(prompt.length),
      seed: Int32Array.of(1),
      sample: Int32Array.from(ids),
      temperature: Float32Array.of(temperature),
      guidance: Float32Array.of(guidance),
    }
    if (kind === 'ancestral') {
      for (const { step, rows } of ancestralSteps(ids, time, prompt.length, steps, drawing(1, 'reveal'))) {
        await runProgram(model.executable, program, { ...common, step: Int32Array.of(step), row: rows }, { row: rows.length })
      }
    } else {
      let left = length
      for (const [step, count] of revealCounts(length, steps).entries()) {
        if (count === 0) continue
        const inputs = { ...common, step: Int32Array.of(step), count: new Int32Array(ROWS).fill(count) }
        await runProgram(model.executable, program, inputs, { slot: left })
        left -= count
      }
    }
    const tokens = await model.executable.read('tokens')
    for (let b = 0; b < ROWS; b++) {
      const own = tokens.slice(b * time + prompt.length, (b + 1) * time)
      counts[Array.from(own).reduce((n, id) => n * mask + id, 0)]!++
    }
  }
  const p = chiSquareP(counts, exact, samples)
  return [measured(`-log10 p of the outcomes`, -Math.log10(Math.max(p, 1e-300)), 4)]
}

function spec(kind: SamplerSpec['kind'], steps: number, temperature: number, guidance: number): SamplerSpec {
  return { kind, steps, temperature, guidance, pooled: true }
}

function begin(model: Reference, kind: SamplerSpec['kind'] = 'confidence') {
  return { mask: model.model.vocab, program: programOf(model.plan, kind)! }
}
