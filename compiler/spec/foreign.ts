// Kinds and values that other frameworks call differently (their fields: foreign-fields.ts). An unknown one is looked up in these
// tables before any spelling is guessed.
import { each } from '../../grammar/suggest.ts'

/** Kinds of declarations by the words of others. */
export const FOREIGN_KINDS: Readonly<Record<string, string>> = {
  ...each(['dataset', 'datasets', 'corpus', 'file', 'dataloader'], 'data'),
  ...each(['network', 'net', 'module', 'architecture'], 'model'),
  ...each(['trainer', 'training', 'pretrain', 'finetune', 'fit_model', 'run', 'experiment', 'job'], 'train'),
  ...each(['generate', 'generation', 'inference', 'predict', 'infer', 'write', 'complete'], 'sample'),
  ...each(['evaluate', 'evaluation', 'test', 'validate', 'benchmark', 'metric', 'likelihood'], 'eval'),
  ...each(['loss', 'schedule', 'noise'], 'objective'),
  ...each(['optim', 'optimiser'], 'optimizer'),
  ...each(['grid', 'search', 'gridsearch', 'hyperparameters'], 'sweep'),
  ...each(['report', 'results', 'compare', 'comparison'], 'table'),
  ...each(['scaling', 'law'], 'fit'),
}

/** What to write instead of a name: a value of any language, or a word for a noun where the place takes a noun or a word. */
export function foreignValue(name: string, place?: string): string | undefined {
  if (Object.hasOwn(VALUES, name)) return VALUES[name]
  return place !== undefined && Object.hasOwn(NOUNS, name) ? NOUNS[name] : undefined
}

const NOTHING = 'nothing: leave the field out, and it has its default'

const VALUES: Readonly<Record<string, string>> = {
  True: '`true`',
  TRUE: '`true`',
  yes: '`true`',
  on: '`true`',
  False: '`false`',
  FALSE: '`false`',
  no: '`false`',
  off: '`false`',
  None: NOTHING,
  null: NOTHING,
  nil: NOTHING,
  none: NOTHING,
  undefined: NOTHING,
  lambda: 'an op, `op name(x) = …`, and its name here',
  range: 'the values, `[1, 2, 3]`',
  load_dataset: '`text("…")` or `jsonl("…")`, with a file that is here or in a package, `npm:NAME@VERSION/PATH`',
}

const NOUNS: Readonly<Record<string, string>> = {
  adam: '`adamw`',
  sgd: '`adamw`, which is the only optimizer',
  perplexity: '`likelihood`, in nats per token; the perplexity is its exponential',
  ppl: '`likelihood`, in nats per token; the perplexity is its exponential',
  loss: '`likelihood`',
  nll: '`likelihood`',
  accuracy: '`exact`, or `contains`',
  greedy: '`confidence { temperature: 0 }`',
  greddy: '`confidence { temperature: 0 }`',
  maskgit: '`confidence`',
  low_confidence: '`confidence`',
  origin: '`ancestral`',
  random: '`ancestral`',
  ddpm: '`ancestral`',
  diffusion: '`masked`',
  mdlm: '`masked`',
  mlm: '`masked`',
  clm: '`next_token`, with a causal model',
  csv: '`jsonl("…")`, an object a line, or `lines("…")` with a `pattern`',
  json: '`jsonl("…")`, an object a line',
  parquet: '`jsonl("…")`, an object a line',
  char: '`bytes`',
  gpt2: '`bytes`, or `bpe("…")` with its tokenizer.json',
  tiktoken: '`bytes`, or `bpe("…")` with a tokenizer.json',
  AutoTokenizer: '`bytes`, or `bpe("…")` with a tokenizer.json',
  Adam: '`adamw`',
  AdamW: '`adamw`',
  autoregressive: '`next_token`, with a causal model',
  byte: '`bytes`',
  llama: 'a model made of `transformer`',
  gpt: '`transformer { causal: true }`',
  fp32: '`f32`',
  float32: '`f32`',
  fp16: '`f16`',
  bf16: '`f16`, which accumulates in f32',
  bfloat16: '`f16`, which accumulates in f32',
}
