// What can be said of stages: what their sections ask of each other and of the world.
import type { Catalogue } from '../../grammar/diagnostic.ts'
import type { Span } from '../../grammar/source.ts'
import { article } from './value.ts'
import { code, gib, replace, meant, short, grouped, type Kind } from './wording.ts'

export const stageMessages = {
  missingFile: (f: { path: string; reason: 'missing' | 'unreadable' | 'directory' | 'offline'; near?: string; span: Span }) => ({
    message: {
      missing: `there is no file ${code(f.path)}`,
      unreadable: `I may not read ${code(f.path)}`,
      directory: `${code(f.path)} is a folder, not a file`,
      offline: `${code(f.path)} is not here, and the registry cannot be reached`,
    }[f.reason],
    notes: [meant(f.near)],
    fixes: f.near === undefined ? [] : replace(f.span, JSON.stringify(f.near)),
  }),
  promptTooLong: (f: { size: number; context: number; name: string }) => ({
    message: `the prompt is ${f.size} tokens long, but ${code(f.name)} reads at most ${f.context}`,
    notes: [`its context is set by \`model: … { context: ${f.context} }\``],
  }),
  lengthTooLong: (f: { length: number; context: number; name: string }) => ({
    message: `${f.length} tokens are more than ${code(f.name)} reads at once`,
    notes: [`its context is ${f.context}: write \`length: ${f.context} tokens\`, or train with a longer one`],
  }),
  nothingToWrite: (f: { size: number; length: number }) => ({
    message: `the prompt fills all ${f.length} tokens, so nothing is left to write`,
    notes: [`\`length\` counts the prompt, which has ${f.size}`],
  }),
  needsMasked: (f: { name: string }) => ({
    message: `${code(f.name)} was trained on the next token; samplers fill masks`,
    notes: ['give it `objective: masked` and a model that sees both ways'],
  }),
  needsChainRule: (f: { name: string }) => ({
    message: `${code(f.name)} was trained on the next token: it has no noise to draw`,
    notes: ['its likelihood is exact: write `likelihood { by: chain_rule }`'],
  }),
  checkpointAlone: (f: { kind: Kind }) => ({
    message: `${article(f.kind)} takes its model from a training, and a file of weights does not say which model it is`,
    notes: ['declare `train name = … { from: checkpoint("…") }` with the model, and write `from: name`'],
  }),
  unreachableSchedule: (f: { name: string; at: 0 | 1; value: number }) => ({
    message:
      f.at === 1
        ? `the schedule ${code(f.name)} only reaches ${short(f.value)} at t = 1`
        : `the schedule ${code(f.name)} starts at ${short(f.value)} at t = 0`,
    notes: [
      f.at === 1 ? 'every sampler starts from a fully masked sequence, which this schedule never shows the model' : undefined,
      'a schedule must run from 0 at t = 0 to 1 at t = 1',
    ],
  }),
  fallingSchedule: (f: { name: string; from: number; to: number }) => ({
    message: `the schedule ${code(f.name)} falls between t = ${short(f.from)} and t = ${short(f.to)}`,
    notes: ['tokens are masked one after the other, so a schedule never falls'],
  }),
  needsCausal: () => ({
    message: 'next_token needs a causal model: this one sees the answer',
    notes: ['make the model causal: amend it with `{ causal: true }`'],
  }),
  needsBidirectional: () => ({
    message: 'masked needs a model that sees both ways: this one is causal',
    notes: ['leave out `causal: true`, or train with `objective: next_token`'],
  }),
  noGradient: (f: { name: string; native: boolean; argument?: string }) => ({
    message: `${code(f.name)} has no gradient, and weights are trained through it`,
    notes: [
      f.native
        ? 'smdmc does not read WGSL, so it cannot derive one'
        : 'its slope is zero almost everywhere, so everything before it would stop learning',
      `give the op a gradient: \`grad(dy) { ${f.argument ?? 'x'}: dy }\` passes it straight through`,
    ],
  }),
  unlikeWeights: (f: { from: string; weight: string; here?: string; there?: string }) => ({
    message: `the weights of ${code(f.from)} do not fit this model`,
    notes: [
      f.there === undefined
        ? `${code(f.weight)} is not among them`
        : f.here === undefined
          ? `they have ${code(f.weight)}, and this model has not`
          : `${code(f.weight)} is [${f.there}] there and [${f.here}] here`,
      'give both the same model',
    ],
  }),
  brokenBatch: (f: { tokens: number; context: number }) => ({
    message: `${grouped(f.tokens)} tokens are not a whole number of sequences`,
    notes: [`a sequence has ${f.context}: write \`${Math.max(1, Math.round(f.tokens / f.context))} sequences\``],
  }),
  smallBudget: (f: { sizes: { readonly batch: number; readonly length: number } }) => ({
    message: 'this budget is less than one step',
    notes: [`one step sees ${f.sizes.batch} sequences, ${grouped(Math.round(f.sizes.batch * f.sizes.length))} tokens`],
  }),
  longWarmup: (f: { warmup: number; steps: number }) => ({
    severity: 'warning' as const,
    message: `the warm-up takes ${f.warmup} steps of ${f.steps}: the learning rate never reaches \`lr\``,
  }),
  shortData: (f: { tokens: number; context: number }) => ({
    message: `the data has ${f.tokens} tokens, which is less than one sequence of ${f.context}`,
    notes: ['use more data, or a model with a shorter `context`'],
  }),
  tooLarge: (f: TooLarge) => ({
    message: `${code(f.name)} does not fit in ${gib(f.memory)}, even one sequence at a time`,
    notes: [
      `weights, gradients and Adam: ${gib(f.state)} (16 bytes × ${large(f.parameters)} parameters)`,
      `one sequence of ${f.context} tokens: ${gib(f.sequence)}`,
      f.largest === undefined ? undefined : `the largest preset that fits is ${f.largest}`,
    ],
  }),
  moreStepsThanMasks: (f: { steps: number; masks: number }) => ({
    severity: 'warning' as const,
    message: `${f.steps} rounds for ${f.masks} masks: at least ${f.steps - f.masks} reveal nothing and are skipped`,
  }),
  guidanceWithoutPrompt: () => ({
    severity: 'warning' as const,
    message: 'guidance without a prompt changes nothing and doubles the work',
    notes: ['leave `guidance` out, or give a `prompt`'],
  }),
  openBrace: (f: { brace: string }) => ({
    message: `this ${code(f.brace)} has no partner`,
    notes: [`a brace itself is written ${code(f.brace + f.brace)}`],
  }),
  notAvailable: (f: { what: string; advice?: string } | { stage: Kind; name: string }) => {
    const right = 'the page is right: a later version of smdmc will run it'
    if ('what' in f) return { message: `${f.what} is not available yet`, notes: [right, f.advice] }
    const message = `${code(f.name)} is checked but cannot run: ${article(f.stage)} is not available yet`
    return { severity: 'warning' as const, message, notes: [`${right}; the other stages run now`] }
  },
} satisfies Catalogue

function large(n: number): string {
  return n >= 1e9 ? `${(n / 1e9).toFixed(2)}B` : `${(n / 1e6).toFixed(1)}M`
}

interface TooLarge {
  readonly name: string
  readonly memory: number
  readonly state: number
  readonly sequence: number
  readonly parameters: number
  readonly context: number
  readonly largest?: string
}
