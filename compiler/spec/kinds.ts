// The one table of what a pipeline may say: every kind of noun with its makers and fields, their types, units,
// defaults and meaning. Checking, messages, completion and the manual read it; nothing else knows a field.
// Whatever is not in here is an error, so every entry must have a reader in compiler/check.
import type { Dimension } from './units.ts'

export type KindName =
  'tokenizer' | 'data' | 'model' | 'objective' | 'optimizer' | 'sampler' | 'train' | 'sample' | 'eval' | 'sweep' | 'fit' | 'table' // prettier-ignore
/** Parts of nouns that are no nouns themselves. */
export type PartName = 'metric' | 'checkpoint' | 'turn' | 'custom'

/** What a field takes. */
export type FieldType =
  | QuantityType
  | { readonly is: 'text'; readonly template?: boolean }
  | { readonly is: 'truth' }
  /** One of these words; those in `later` are known and not there yet. */
  | { readonly is: 'word'; readonly words: readonly string[]; readonly later?: readonly string[] }
  /** An op of so many arguments, and what its place calls them. */
  | { readonly is: 'op'; readonly formals: readonly string[]; readonly says: string }
  /** An op or a block: what a model's param may be set to. */
  | { readonly is: 'code' }
  | { readonly is: 'record'; readonly kind: KindName | PartName }
  /** A stage with a name; those of plugins are `custom`. */
  | { readonly is: 'stage'; readonly kinds: readonly (KindName | 'custom')[] }
  /** A list; with `one`, a single item may stand for a list of one. `length`: exactly so many. */
  | { readonly is: 'list'; readonly of: FieldType; readonly one?: boolean; readonly length?: number }
  | { readonly is: 'either'; readonly of: readonly FieldType[] }
  /** Names with lists of values, or a list of records: what a sweep runs over. */
  | { readonly is: 'axes' }
  /** Any stage, named or written in place: what a sweep runs. */
  | { readonly is: 'run' }

/** The largest number of 32 bits, rounded down: where quantities end that have no end of their own. */
export const LARGEST = 3.4e38

export interface QuantityType {
  readonly is: 'quantity'
  /** The first is the one a bare number has, where it is the only one. */
  readonly units: readonly Dimension[]
  readonly min?: number
  readonly max?: number
  readonly whole?: boolean
  /** Units that are known and not there yet. */
  readonly later?: readonly Dimension[]
}

export interface FieldSpec {
  readonly type: FieldType
  readonly doc: string
  /** Source text of the default, as one would write it. */
  readonly default?: string
  /** Must be given; otherwise a field without a default may be absent. */
  readonly required?: boolean
  /** Does not change results, so it does not enter the stage's key. */
  readonly free?: boolean
  /** Known, but nothing runs it yet: `true`, or for every value but this one. */
  readonly later?: true | number | string
}

export type Fields = Readonly<Record<string, FieldSpec>>

/** A way to make a noun: `text("…")`, `adamw`. Its fields add to those of the kind. */
export interface Maker {
  readonly doc: string
  /** The field that the argument in parentheses fills. */
  readonly argument?: string
  readonly fields: Fields
  readonly later?: true
}

export interface KindSpec {
  readonly doc: string
  readonly stage: boolean
  readonly fields: Fields
  readonly makers: Readonly<Record<string, Maker>>
  /** The maker that a bare `kind name { … }` means. */
  readonly default?: string
  /** Raised when a change of ours changes the results of this kind. */
  readonly numerics: number
}

const number = (more: Partial<QuantityType> = {}): QuantityType => ({ is: 'quantity', units: ['none'], ...more })
const count = (unit: Dimension, max?: number): QuantityType => ({ is: 'quantity', units: [unit], min: 1, max, whole: true })
const share = (more: Partial<QuantityType> = {}): QuantityType => ({ is: 'quantity', units: ['fraction'], min: 0, max: 1, ...more })
const word = (...words: string[]): FieldType => ({ is: 'word', words })
const text: FieldType = { is: 'text' }
const template: FieldType = { is: 'text', template: true }
const path: Fields = { path: { type: text, doc: 'The file, relative to the page that names it.', required: true } }
const seed: FieldSpec = { type: number({ min: 0, whole: true, max: 2 ** 32 - 1 }), doc: 'Start of all randomness.', default: '0' }
const write: FieldSpec = { type: text, doc: 'A file for the result, beside the store.', free: true }
const cadence = (doc: string, given: string, free: boolean): FieldSpec => ({
  type: { is: 'quantity', units: ['steps', 'tokens', 'fraction', 'time'], min: 0, later: ['time'] },
  doc,
  default: given,
  free,
})
const start: FieldType = { is: 'either', of: [{ is: 'stage', kinds: ['train'] }, { is: 'record', kind: 'checkpoint' }] } // prettier-ignore

/** Fields of the data kind that come with the runtime's readers of examples. */
const examples: Fields = {
  pattern: { type: template, doc: 'How a line splits into columns.', later: true },
  turns: { type: { is: 'list', of: { is: 'record', kind: 'turn' } }, doc: 'What is given and what is written, turn by turn.', later: true },
  expect: { type: template, doc: 'The right answer.', later: true },
  choices: {
    type: { is: 'list', of: template, one: true },
    doc: 'Answers to choose among: a text each, or a column that holds a list.',
    later: true,
  },
  fill: { type: word('eos', 'ignore'), doc: 'What fills a sequence behind its end.', later: true },
}

export const KINDS: Readonly<Record<KindName | PartName, KindSpec>> = {
  tokenizer: {
    doc: 'From text to tokens.',
    stage: false,
    fields: {},
    makers: {
      bytes: { doc: 'A token is a byte of UTF-8: vocabulary 256.', fields: {} },
      sentencepiece: { doc: 'A SentencePiece model file.', argument: 'path', fields: path, later: true },
      bpe: { doc: 'A byte-pair tokenizer.json.', argument: 'path', fields: path, later: true },
    },
    numerics: 1,
  },
  data: {
    doc: 'Where tokens come from. `d.train` and `d.validation` are its parts.',
    stage: false,
    fields: {
      tokenizer: { type: { is: 'record', kind: 'tokenizer' }, doc: 'How text becomes tokens.', default: 'bytes' },
      validation: { type: { is: 'either', of: [share(), text] }, doc: 'Held out: a share at the end, or a file of its own.' },
      ...examples,
      limit: { type: count('tokens'), doc: 'At most so many tokens.' },
      seed: { ...seed, doc: 'Order of shuffled files.', later: 0 },
    },
    makers: {
      text: { doc: 'One long text.', argument: 'path', fields: path },
      packed: {
        doc: 'A folder of tokenized blocks, as lit-gpt packs them; `train` and `validation` are patterns of file names.',
        argument: 'path',
        fields: { ...path, train: { type: text, doc: 'Files of the training part.', default: '"*"' } },
        later: true,
      },
      jsonl: { doc: 'A JSON object a line.', argument: 'path', fields: path, later: true },
      lines: { doc: 'An example a line.', argument: 'path', fields: path, later: true },
    },
    numerics: 1,
  },
  model: { doc: 'A block from tokens to logits with its params set.', stage: false, fields: {}, makers: {}, numerics: 1 },
  objective: {
    doc: 'What training makes small.',
    stage: false,
    default: 'masked',
    fields: {},
    makers: {
      masked: {
        doc: 'Restore masked tokens: a bound on the negative log-likelihood.',
        fields: {
          schedule: { type: { is: 'op', formals: ['t'], says: 'a noise schedule is an op of t' }, doc: 'Probability of a mask at time t.', default: 'linear' }, // prettier-ignore
          floor: { type: share(), doc: 'Least probability of a mask; the paper sets 1e-3.', default: '1e-3' },
          weight: { type: { is: 'op', formals: ['p', 'dp'], says: 'an objective weight is an op of p and dp' }, doc: 'Weight of a masked token; default dp / p, the bound.' }, // prettier-ignore
          learn: { type: { is: 'word', words: ['everything', 'answers'], later: ['answers'] }, doc: 'Which tokens are masked.', default: 'everything' }, // prettier-ignore
          drop_prompt: { type: share(), doc: 'Share of examples that hide the prompt.', default: '0%', later: 0 },
          normalise: { type: { is: 'word', words: ['tokens', 'sequence', 'batch'], later: ['sequence', 'batch'] }, doc: 'What the loss is divided by.', default: 'tokens' }, // prettier-ignore
        },
      },
      next_token: { doc: 'Foretell the next token: exact, for causal models.', fields: {} },
    },
    numerics: 1,
  },
  optimizer: {
    doc: 'How weights follow gradients.',
    stage: false,
    default: 'adamw',
    fields: {},
    makers: {
      adamw: {
        doc: 'Adam with decoupled weight decay, on all weights.',
        fields: {
          lr: { type: number({ min: 0 }), doc: 'Highest learning rate.', default: '4e-4' },
          warmup: { type: { is: 'quantity', units: ['steps', 'tokens', 'fraction'], min: 0 }, doc: 'Linear rise from 0 to `lr`.', default: 'max(1%, 100 steps)' }, // prettier-ignore
          decay: { type: word('cosine', 'linear', 'constant'), doc: 'From `lr` to the floor.', default: 'cosine' },
          floor: { type: share(), doc: 'Where the decay ends, as a share of `lr`.', default: '10%' },
          betas: {
            type: { is: 'list', of: number({ min: 0, max: 0.999999 }), length: 2 },
            doc: 'Memory of both moments.',
            default: '[0.9, 0.95]',
          },
          weight_decay: { type: number({ min: 0 }), doc: 'Pull towards zero, times the learning rate.', default: '0.1' },
          clip: { type: number({ min: 0 }), doc: 'Largest norm of the gradient; 0 does not clip.', default: '1' },
          eps: { type: number({ min: 1e-30 }), doc: 'Keeps the division finite.', default: '1e-8' },
        },
      },
    },
    numerics: 1,
  },
  sampler: {
    doc: 'How masks become text.',
    stage: false,
    default: 'confidence',
    fields: {
      steps: { type: count('steps', 1e6), doc: 'Rounds of revealing; rounds that reveal nothing are skipped.', default: '64' },
      guidance: { type: number({ min: 0 }), doc: 'Weight of the prompt beyond 1; 0 runs the model once a round.', default: '0' },
    },
    makers: {
      confidence: {
        doc: 'Each round reveals the tokens the model is surest of.',
        fields: {
          temperature: { type: number({ min: 0 }), doc: '0 takes the likeliest token.', default: '0' },
          order: { type: { is: 'op', formals: ['p'], says: 'an order is an op of p: [vocab]' }, doc: 'What is revealed first: highest value; default the probability of the chosen token.' }, // prettier-ignore
          pooled: { type: { is: 'truth' }, doc: 'Choose over the whole batch, as the published code does.', default: 'false' },
        },
      },
      ancestral: {
        doc: 'Each round reveals tokens at random, as the reverse process does.',
        fields: { temperature: { type: number({ min: 0 }), doc: '1 draws from the model.', default: '1' } },
      },
    },
    numerics: 1,
  },
  train: {
    doc: 'Leaves weights.',
    stage: true,
    fields: {
      model: { type: { is: 'record', kind: 'model' }, doc: 'The network.', required: true },
      from: { type: start, doc: 'Weights to start from; otherwise fresh ones.' },
      data: { type: { is: 'record', kind: 'data' }, doc: 'What it reads.', required: true },
      objective: { type: { is: 'record', kind: 'objective' }, doc: 'What it makes small.', default: 'masked' },
      optimizer: { type: { is: 'record', kind: 'optimizer' }, doc: 'How it makes it small.', default: 'adamw' },
      batch: { type: { is: 'quantity', units: ['sequences', 'tokens'], min: 1, whole: true }, doc: 'What one step of the optimizer sees.', required: true }, // prettier-ignore
      budget: { type: { is: 'quantity', units: ['steps', 'tokens', 'sequences', 'epochs', 'flops'], min: 0 }, doc: 'How long; `flops` are 6·N·D as in the paper.', required: true }, // prettier-ignore
      random_length: { type: share(), doc: 'Share of sequences cut to a random length.', default: '0%', later: 0 },
      precision: {
        type: { is: 'word', words: ['f32', 'f16'] },
        doc: 'Numbers of the matrix products; sums stay f32. The CPU computes in f32.',
        default: 'f32',
      },
      seed,
      validate: cadence('How often the held-out part is measured, beside the end; 0 measures at the end only.', '20%', false),
      log: cadence('How often the loss is printed.', '10 steps', true),
      keep: cadence('How often the state is saved.', '500 steps', true),
    },
    makers: {},
    numerics: 1,
  },
  sample: {
    doc: 'Leaves texts.',
    stage: true,
    fields: {
      from: { type: start, doc: 'The training whose model writes.', required: true },
      prompt: { type: template, doc: 'What stands at the front.', default: '""' },
      length: { type: count('tokens'), doc: 'Tokens in all, prompt included; default the context.' },
      count: { type: number({ min: 1, whole: true }), doc: 'How many texts.', default: '1' },
      sampler: { type: { is: 'record', kind: 'sampler' }, doc: 'How masks become text.', default: 'confidence' },
      seed,
      write,
    },
    makers: {},
    numerics: 1,
  },
  eval: {
    doc: 'Leaves numbers, each with its uncertainty.',
    stage: true,
    fields: {
      from: { type: start, doc: 'The training whose model is measured.', required: true },
      data: { type: { is: 'record', kind: 'data' }, doc: 'What it is measured on.', required: true },
      metric: { type: { is: 'list', of: { is: 'record', kind: 'metric' }, one: true }, doc: 'What is measured.', default: 'likelihood' },
      sampler: { type: { is: 'record', kind: 'sampler' }, doc: 'How answers are written.', later: true },
      length: { type: count('tokens'), doc: 'Tokens of an answer.', later: true },
      limit: { type: count('sequences'), doc: 'At most so many sequences.' },
      seed,
    },
    makers: {},
    numerics: 2,
  },
  sweep: {
    doc: 'One stage for each combination of values.',
    stage: true,
    fields: {
      over: { type: { is: 'axes' }, doc: 'Names with lists (all combinations), or a list of records (these).', required: true },
      run: { type: { is: 'run' }, doc: 'The stage, in which those names stand.', required: true },
    },
    makers: {},
    numerics: 1,
  },
  fit: {
    doc: 'A law through the results of a sweep.',
    stage: true,
    fields: {
      runs: { type: { is: 'stage', kinds: ['sweep'] }, doc: 'The sweep.', required: true },
      law: { type: word('isoflop', 'power'), doc: 'Best size at each budget, or a power law.', required: true },
      loss: { type: word('validation', 'train'), doc: 'Which loss.', default: 'validation' },
      write,
    },
    makers: {},
    numerics: 1,
  },
  table: {
    doc: 'Results side by side.',
    stage: true,
    fields: {
      rows: {
        type: { is: 'list', of: { is: 'stage', kinds: ['eval', 'sample', 'train', 'sweep', 'custom'] } },
        doc: 'A row each; a sweep has one for each of its stages.',
        required: true,
      },
      write,
    },
    makers: {},
    numerics: 1,
  },
  metric: {
    doc: 'What an evaluation measures.',
    stage: false,
    fields: {},
    makers: {
      likelihood: {
        doc: 'Nats a token.',
        fields: {
          samples: {
            type: number({ min: 1, max: 1e7, whole: true }),
            doc: 'Noise draws in all; for `chain_rule`, sequences at most.',
            default: '128',
          },
          by: {
            type: word('monte_carlo', 'exact_k', 'chain_rule'),
            doc: 'Draws of t spread evenly, as in the paper; draws of the number of masks, of less variance; or token by token, exact. Default `monte_carlo`, for causal models `chain_rule`.', // prettier-ignore
          },
        },
      },
      exact: { doc: 'Share of answers that equal the expected one.', fields: {}, later: true },
      contains: { doc: 'Share of answers that contain the expected one.', fields: {}, later: true },
      bleu: { doc: 'BLEU of answers.', fields: {}, later: true },
      same_number: { doc: 'Share of answers whose last number is right.', fields: { after: { type: text, doc: 'The mark before the number.' } }, later: true }, // prettier-ignore
      choice: {
        doc: 'Share of right choices.',
        fields: { by: { type: word('chain_rule', 'monte_carlo', 'exact_k'), doc: 'How a choice is scored.', default: 'chain_rule' } },
        later: true,
      },
    },
    numerics: 1,
  },
  checkpoint: {
    doc: 'A file of weights.',
    stage: false,
    fields: {},
    makers: { checkpoint: { doc: 'A safetensors file.', argument: 'path', fields: path } },
    numerics: 1,
  },
  turn: {
    doc: 'One turn of an example.',
    stage: false,
    fields: {
      given: { type: template, doc: 'What the model is given.', required: true },
      write: { type: template, doc: 'What it should write.' },
    },
    makers: {},
    numerics: 1,
  },
  custom: { doc: 'A stage whose kind a plugin brings.', stage: true, fields: {}, makers: {}, numerics: 1 },
}

const PARTS: readonly string[] = ['metric', 'checkpoint', 'turn', 'custom'] satisfies PartName[]

/** The kinds that a declaration may begin with. */
export const KIND_NAMES = Object.keys(KINDS).filter((name) => !PARTS.includes(name)) as KindName[]

export function isKind(name: string): name is KindName {
  return (KIND_NAMES as readonly string[]).includes(name)
}

/** The kind whose maker this is. Makers have names of their own across all kinds. */
export function kindOfMaker(maker: string): KindName | PartName | undefined {
  return (Object.keys(KINDS) as (KindName | PartName)[]).find((kind) => Object.hasOwn(KINDS[kind].makers, maker))
}

/** By kind and maker. */
const fieldsMade = new Map(
  Object.entries(KINDS).map(([kind, { fields, makers }]) => {
    const united = Object.entries(makers).map(([name, maker]): [string, Fields] => [name, { ...maker.fields, ...fields }])
    return [kind, new Map(united)]
  }),
)

/** All fields of a record of this kind and maker, in the order of the table. */
export function fieldsOf(kind: KindName | PartName, maker: string | undefined): Fields {
  return (maker === undefined ? undefined : fieldsMade.get(kind)?.get(maker)) ?? KINDS[kind].fields
}
