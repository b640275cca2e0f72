// What can be said of stages: what their sections ask of each other and of the world.
import type { Catalogue } from '../../grammar/diagnostic.ts'
import type { Span } from '../../grammar/source.ts'
import type { Misfit } from '../elaborate/model.ts'
import type { LostFile } from '../facts.ts'
import { article } from './value.ts'
import { code, codes, gib, place, replace, meant, short, grouped } from './wording.ts'

export const stageMessages = {
  missingFile: (f: { path: string; reason: LostFile['reason']; near?: string; folder?: string; span: Span }) => ({
    message: {
      missing: `there is no file ${code(shownPath(f.path))}`,
      unreadable: `I may not read ${code(f.path)}`,
      directory: `${code(f.path)} is a folder, not a file`,
      stream: `${code(f.path)} is a device or a pipe, not a file`,
      'not-a-directory': `${code(f.path)} is a file: packed data is a folder of them`,
      'no-match': `no file in ${code(f.folder ?? f.path)} is called ${code(f.path)}`,
      offline: `${code(f.path)} is not here, and the registry cannot be reached`,
    }[f.reason],
    notes: [
      meant(f.near) ??
        (f.reason === 'directory'
          ? `name a file in it: \`${f.path.replace(/\/*$/, '/')}…\``
          : /[\t\r\n]/.test(f.path)
            ? 'a backslash begins an escape in a text: write `/` between folders'
            : f.reason === 'missing'
              ? 'a path begins at the folder of the page'
              : f.reason === 'stream'
                ? 'it may never end, and is read more than once: save what it gives to a file first'
                : undefined),
    ],
    fixes: f.near === undefined ? [] : replace(f.span, JSON.stringify(f.near)),
  }),
  unfitFile: (f: { path: string; as: string; line?: number; problem: string }) => ({
    message: `${code(f.line === undefined ? f.path : `${f.path}:${f.line}`)} is not what ${code(f.as)} reads: ${f.problem}`,
    notes: [CURES[f.as]],
  }),
  noHoleHere: (f: { hole: string }) => ({
    message: `there can be no masks here: ${code(`{${f.hole}}`)}`,
    notes: ['masks stand in a `prompt`, or in what a turn should `write`; a brace itself is written `{{`'],
  }),
  nothingSoFar: () => ({
    message: 'nothing was written so far',
    notes: ['`{so_far}` stands in what is `given` in the second turn, or a later one'],
  }),
  noColumns: (f: { name: string }) => ({
    message: `there are no columns here, so no ${code(`{${f.name}}`)}`,
    notes: ['a hole of masks is `{12 tokens}`; a brace itself is written `{{`'],
  }),
  unknownColumn: (f: { name: string; near?: string; columns: readonly string[]; span: Span }) => ({
    message: `the data has no column ${code(f.name)}`,
    notes: [meant(f.near) ?? (f.columns.length === 0 ? 'it has none that every line has' : `its columns are ${codes(f.columns)}`)],
    fixes: f.near === undefined ? [] : replace(f.span, f.near),
  }),
  patternWithoutColumns: () => ({
    message: 'this pattern has no columns',
    notes: ['name them in braces: `{question}||{answer}`'],
  }),
  columnTwice: (f: { name: string }) => ({
    message: `the column ${code(f.name)} stands twice in this pattern`,
    notes: ['give one of them another name'],
  }),
  columnsTouch: (f: { names: readonly string[] }) => ({
    message: `nothing stands between the columns ${codes(f.names)}, so a line cannot be split there`,
    notes: ['write the text between them: `{question}||{answer}`'],
  }),
  needsPattern: () => ({
    message: 'lines have no columns until a pattern says how they split',
    notes: ['write `pattern: "{question}||{answer}"`; one long text is read by `text("…")`'],
  }),
  withoutColumns: (f: { field: string; form: string }) => ({
    message: `${code(f.form)} has no columns, so it can have no ${code(f.field)}`,
    notes: ['examples with columns are read by `jsonl("…")`, or by `lines("…")` with a `pattern`'],
  }),
  needsTurns: (f: { form: string }) => ({
    message: `a training on ${code(f.form)} needs to know what is given and what is written`,
    notes: ['write `turns: [{ given: "{question}", write: "{answer}" }]` in its data, with its columns'],
  }),
  needsWrite: () => ({
    message: 'a training must know what is to be written in every turn',
    notes: ['add `write: "…"`'],
  }),
  needsExamples: (f: { field: string }) => ({
    message: `${code(f.field)} needs data with prompts and answers, and this data is one long text`,
    notes: [`give the data \`turns\`, or write \`objective { ${f.field === 'learn' ? 'learn: everything' : `${f.field}: 0%`} }\``],
  }),
  metricNeedsTurns: (f: { metric: string }) => ({
    message: `${code(f.metric)} needs data that asks something`,
    notes: ['give the data `turns: [{ given: "{question}" }]` and `expect: "{answer}"`, with its columns'],
  }),
  metricNeeds: (f: { metric: string; field: string }) => ({
    message: `${code(f.metric)} needs \`${f.field}\` in its data`,
    notes: [f.field === 'choices' ? 'write `choices: ["{first}", "{second}"]`' : 'write the right answer: `expect: "{answer}"`'],
  }),
  otherTokenizer: (f: { here: string; there: string; name: string }) => ({
    message: `${code(f.name)} was trained with another tokenizer`,
    notes: [
      f.here === f.there ? 'it is another file' : `that was ${code(f.there)}, this is ${code(f.here)}`,
      'leave `tokenizer` out: data takes that of the training',
    ],
  }),
  nothingWritten: (f: { field: string }) => ({
    message: `no metric here reads what a model writes, so ${code(f.field)} changes nothing`,
    notes: [`leave ${code(f.field)} out, or measure \`exact\`, \`contains\`, \`bleu\` or \`same_number\``],
  }),
  promptTooLong: (f: { size: number; context: number; name: string }) => ({
    message: `the prompt is ${f.size} tokens long, but ${code(f.name)} reads at most ${f.context}`,
    notes: [`its context is set by \`model: … { context: ${f.context} }\``],
  }),
  lengthTooLong: (f: { length: number; context: number; name: string }) => ({
    message: `${f.length} tokens are more than ${code(f.name)} reads at once`,
    notes: [`its context is ${f.context}: write \`length: ${f.context} tokens\`, or train with a longer one`],
  }),
  fixedLength: (f: { length: number; context: number; name: string; misfit: Misfit }) => ({
    message: `${code(f.name)} reads ${f.context} tokens at once, and cannot read ${f.length}`,
    notes: [
      'said' in f.misfit
        ? `at ${f.length} ${f.misfit.said.message}: ${place(f.misfit.said.span)}`
        : `its weight ${code(f.misfit.weight)} has a size that goes with them`,
      `leave \`length\` out, or write \`length: ${f.context} tokens\``,
    ],
  }),
  nothingToWrite: (f: { size: number; length: number }) => ({
    message: `the prompt fills all ${f.length} tokens, so nothing is left to write`,
    notes: [`\`length\` counts the prompt, which has ${f.size}`],
  }),
  orderNotNumber: (f: { name: string; given: readonly string[] }) => ({
    message: `an order is one number for each position, and ${code(f.name)} gives ${f.given.length === 0 ? 'one for all' : `one for each ${codes(f.given)}`}`,
    notes: [`it takes the probabilities together, as in \`(p: [vocab]) -> float = max[vocab](p)\``],
  }),
  needsMasked: (f: { name: string }) => ({
    message: `${code(f.name)} was trained on the next token; samplers fill masks`,
    notes: ['give it `objective: masked` and a model that sees both ways'],
  }),
  needsChainRule: (f: { name: string }) => ({
    message: `${code(f.name)} was trained on the next token: it has no noise to draw`,
    notes: ['its likelihood is exact: write `likelihood { by: chain_rule }`'],
  }),
  checkpointAlone: (f: { kind: string }) => ({
    message: `${article(f.kind)} takes its model from a training, and a file of weights does not say which model it is`,
    notes: ['declare `train name = … { from: checkpoint("…") }` with the model, and write `from: name`'],
  }),
  unreachableSchedule: (f: { name: string; at: 0 | 1; value: number }) => ({
    message:
      f.at === 1
        ? `the schedule ${code(f.name)} ${f.value < 1 ? 'only reaches' : 'is'} ${given(f.value)} at t = 1`
        : `the schedule ${code(f.name)} ${Number.isFinite(f.value) ? 'starts at' : 'is'} ${given(f.value)} at t = 0`,
    notes: [
      f.at === 1 ? 'every sampler starts from a fully masked sequence, which this schedule never shows the model' : undefined,
      'a schedule must run from 0 at t = 0 to 1 at t = 1',
    ],
  }),
  fallingSchedule: (f: { name: string; from: number; to: number }) => ({
    message: `the schedule ${code(f.name)} falls between t = ${short(f.from)} and t = ${short(f.to)}`,
    notes: ['tokens are masked one after the other, so a schedule never falls'],
  }),
  badWeight: (f: { name?: string; t: number; p: number; dp: number; value: number }) => ({
    message: `the weight ${code(f.name ?? 'dp / p')} is ${given(f.value)} at t = ${short(f.t)}`,
    notes: [`there p is ${short(f.p)} and dp is ${short(f.dp)}; a weight is a number and not negative, such as \`dp / p\``],
  }),
  noWeight: (f: { name?: string }) => ({
    message: `the weight ${code(f.name ?? 'dp / p')} is 0 at every t, so no token counts`,
    notes: [
      f.name === undefined
        ? 'dp is the slope of the schedule, which is flat here but for jumps: write one that rises, or a weight of p alone'
        : 'a weight is more than 0 where tokens are masked, such as `dp / p`',
    ],
  }),
  needsCausal: () => ({
    message: 'next_token needs a causal model: this one sees the answer',
    notes: ['make the model causal: amend it with `{ causal: true }`'],
  }),
  needsBidirectional: () => ({
    message: 'masked needs a model that sees both ways: this one is causal',
    notes: ['leave out `causal: true`, or train with `objective: next_token`'],
  }),
  fewSymbols: (f: { name: string; symbols: string; size: number; vocab: number; masks: boolean }) => ({
    message: `${code(f.name)} reads ${f.size} different tokens, and there are ${f.masks ? `${f.vocab + 1}: the mask is one, too` : f.vocab}`,
    notes: [`write \`let ${f.symbols} = vocab${f.masks ? ' + 1' : ''}\` in it`],
  }),
  nothingToTrain: (f: { name: string }) => ({
    message: `${code(f.name)} has no weights, so there is nothing to train`,
    notes: ['a block that learns declares some, as in `weight U: [width, vocab]`'],
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
  uncountedBudget: (f: { lacks: 'tokens' | 'parameters' | 'end' }) => ({
    message: 'this budget is no number of steps',
    notes: [
      {
        tokens: 'how long an epoch is shows when a tokenizer from a file has read the data: write the budget in `steps` or `tokens`',
        parameters: 'flops are 6 N D, and all parameters of this model lie in its vocabulary: write the budget in `steps` or `tokens`',
        end: 'it is larger than any number I can hold',
      }[f.lacks],
    ],
  }),
  /** `given`: the warm-up as written, where the page does not say it; `from`: where it is said. */
  longWarmup: (f: { warmup: number; steps: number; given?: string; from?: Span }) => ({
    severity: 'warning' as const,
    message: `the warm-up takes ${grouped(f.warmup)} steps of ${grouped(f.steps)}: the learning rate never reaches \`lr\``,
    notes: [
      f.given === undefined ? undefined : `it is ${code(f.given)}, ${f.from === undefined ? 'the default' : `set in ${place(f.from)}`}`,
      'write `optimizer { warmup: 10% }`, a share of the training',
    ],
  }),
  shortData: (f: { tokens: number; length: number; part: 'all' | 'train' | 'validation' }) => ({
    message: `${f.part === 'validation' ? 'what the data holds out' : 'the data'} has ${f.tokens} tokens, which is less than one sequence of ${f.length}`,
    notes: [
      f.part === 'validation'
        ? 'give `validation` a larger share, or a file of its own'
        : 'use more data, or a model with a shorter `context`',
    ],
  }),
  tooLarge: (f: TooLarge) => ({
    message: `${code(f.name)} does not fit in ${gib(f.memory)}, even one sequence at a time`,
    notes: [
      `weights ${gib(f.weights)}, gradients ${gib(f.gradients)}, Adam's moments ${gib(f.optimizer)}: ${large(f.parameters)} parameters`,
      `one sequence of ${f.context} tokens: ${gib(f.sequence)}`,
      f.largest === undefined ? undefined : `the largest preset that fits is ${f.largest}`,
      f.shorter === undefined ? undefined : `with \`context: ${f.shorter}\` it fits`,
    ],
  }),
  moreStepsThanMasks: (f: { steps: number; masks: number }) => ({
    severity: 'warning' as const,
    message: `${f.steps} rounds for ${f.masks} masks: at least ${f.steps - f.masks} reveal nothing and are skipped`,
    notes: [`write \`steps: ${f.masks}\`: more rounds than masks change nothing`],
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
  equalRows: (f: { first: string; second: string; axes: readonly string[] }) => ({
    severity: 'warning' as const,
    message: `${code(f.first)} and ${code(f.second)} are the same stage`,
    notes: [`nothing that is run depends on ${codes(f.axes)}: say where it goes, as in \`seed: ${f.axes[0] ?? 'seed'}\``],
  }),
  overwritten: (f: { path: string; first: string; second: string }) => ({
    severity: 'warning' as const,
    message: `${code(f.first)} and ${code(f.second)} both write ${code(f.path)}`,
    notes: ['the one that runs last replaces the file; give each a `write` of its own (the store keeps both results anyway)'],
  }),
  fitNeedsTrainings: (f: { name: string }) => ({
    message: `a fit needs trainings, and ${code(f.name)} runs something else`,
    notes: ['run a training in the sweep: its losses are what is fitted'],
  }),
  fitNeedsValidation: (f: { name: string }) => ({
    message: `${code(f.name)} measures no loss on held-out data`,
    notes: ['hold some out, `validation: 1%` in its data, or fit `loss: train`'],
  }),
  fitNeedsPoints: (f: { points: number; least: number }) => ({
    message: `a power law through ${f.points === 1 ? '1 point' : `${f.points} points`} says nothing`,
    notes: [`sweep at least ${f.least} sizes or budgets`],
  }),
  fitNeedsBudgets: (f: { budgets: number; sizes: number }) => ({
    message: `an isoflop fit needs trainings of at least two budgets, and these have ${f.budgets}`,
    notes: [`sweep over a \`budget\` in flops, with at least ${f.sizes} sizes at each`],
  }),
  fitNeedsSizes: (f: { budget: number; sizes: number; least: number }) => ({
    message: `${f.sizes} sizes at ${f.budget.toExponential(1)} flops: a parabola needs ${f.least}`,
    notes: ['sweep over more sizes of the model; all budgets must be in flops'],
  }),
  pluginProblem: (f: { message: string; notes: readonly string[] }) => ({ message: f.message, notes: [...f.notes] }),
  badWgsl: (f: { name: string; message: string; params: readonly string[] }) => ({
    message: `the WGSL of the op \`${f.name}\` does not compile: ${f.message}`,
    notes: [`${codes(f.params)} ${f.params.length === 1 ? 'is a number' : 'are numbers'}, f32, and so is what it returns`],
  }),
  notAvailable: (f: { what: string }) => ({
    severity: 'warning' as const,
    message: `${f.what} cannot run yet`,
    notes: ['the page is right: this version checks and plans it, a later one will run it'],
  }),
} satisfies Catalogue

/** With what would move the cursor written out. */
function shownPath(path: string): string {
  return path.replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
}

/** What to look at, by what was asked of the file. */
const CURES: Readonly<Record<string, string>> = {
  jsonl: 'every line is one JSON object: `{"question": "…", "answer": "…"}`',
  lines: 'every line must fit the `pattern`',
  packed: 'packed files begin with LITPKDS, as lit-gpt and TinyLlama write them',
  sentencepiece: 'a SentencePiece model is a binary file, often called tokenizer.model',
  bpe: 'a byte-pair tokenizer is a JSON file, often called tokenizer.json',
}

function large(n: number): string {
  return n >= 1e9 ? `${(n / 1e9).toFixed(2)}B` : n >= 1e6 ? `${(n / 1e6).toFixed(1)}M` : grouped(n)
}

interface TooLarge {
  readonly name: string
  /** Bytes, by cause. */
  readonly memory: number
  readonly weights: number
  readonly gradients: number
  readonly optimizer: number
  readonly sequence: number
  readonly parameters: number
  readonly context: number
  /** What would fit. */
  readonly largest?: string
  readonly shorter?: number
}

/** What a formula gives: `0.25`, `no number`, `infinite`. */
function given(value: number): string {
  return Number.isNaN(value) ? 'no number' : Number.isFinite(value) ? short(value) : 'infinite'
}
