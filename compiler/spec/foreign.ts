// Words that other frameworks use for what is called differently here. An unknown field or value is looked up in these
// tables before any spelling is guessed.

export interface Foreign {
  /** The word here; absent where there is deliberately none. */
  readonly here?: string
  readonly note?: string
}

const BATCH = '`batch` is what one step of the optimizer sees; smdmc splits it to fit the device'
const NONE_DEVICE = 'a page says nothing about devices: smdmc chooses, and the result is the same'

export const FOREIGN: Readonly<Record<string, Foreign>> = {
  // model
  hidden_size: { here: 'width' },
  n_embd: { here: 'width' },
  d_model: { here: 'width' },
  dim: { here: 'width' },
  embed_dim: { here: 'width' },
  hidden_dim: { here: 'width' },
  intermediate_size: { here: 'hidden' },
  ffn_dim: { here: 'hidden' },
  d_ff: { here: 'hidden' },
  mlp_dim: { here: 'hidden' },
  n_layer: { here: 'layers' },
  n_layers: { here: 'layers' },
  num_layers: { here: 'layers' },
  num_hidden_layers: { here: 'layers' },
  depth: { here: 'layers' },
  n_head: { here: 'heads' },
  n_heads: { here: 'heads' },
  num_heads: { here: 'heads' },
  num_attention_heads: { here: 'heads' },
  seq_len: { here: 'context' },
  seq_length: { here: 'context' },
  sequence_len: { here: 'context' },
  block_size: { here: 'context' },
  max_seq_len: { here: 'context' },
  max_seq_length: { here: 'context' },
  max_position_embeddings: { here: 'context' },
  context_length: { here: 'context' },
  is_causal: { here: 'causal' },
  // optimizer
  learning_rate: { here: 'lr' },
  max_lr: { here: 'lr' },
  min_lr: { here: 'floor', note: '`floor` is a share of `lr`: 10%' },
  warmup_steps: { here: 'warmup', note: 'the unit stands at the number: `warmup: 200 steps`' },
  warmup_ratio: { here: 'warmup', note: 'the unit stands at the number: `warmup: 1%`' },
  warmup_iters: { here: 'warmup', note: 'the unit stands at the number: `warmup: 200 steps`' },
  lr_scheduler: { here: 'decay' },
  scheduler: { here: 'decay' },
  lr_schedule: { here: 'decay' },
  lr_decay: { here: 'decay' },
  wd: { here: 'weight_decay' },
  lr_scheduler_type: { here: 'decay' },
  adam_betas: { here: 'betas' },
  adam_epsilon: { here: 'eps' },
  grad_clip: { here: 'clip' },
  max_grad_norm: { here: 'clip' },
  gradient_clipping: { here: 'clip' },
  // training
  max_steps: { here: 'budget', note: 'the unit stands at the number: `budget: 2000 steps`' },
  max_iters: { here: 'budget', note: 'the unit stands at the number: `budget: 2000 steps`' },
  num_epochs: { here: 'budget', note: 'the unit stands at the number: `budget: 3 epochs`' },
  num_train_epochs: { here: 'budget', note: 'the unit stands at the number: `budget: 3 epochs`' },
  epochs: { here: 'budget', note: 'the unit stands at the number: `budget: 3 epochs`' },
  steps_per_epoch: { here: 'budget' },
  flops: { here: 'budget', note: 'the unit stands at the number: `budget: 10e18 flops`' },
  batch_size: { here: 'batch', note: BATCH },
  global_batch_size: { here: 'batch', note: BATCH },
  micro_batch_size: { here: 'batch', note: BATCH },
  per_device_train_batch_size: { here: 'batch', note: BATCH },
  gradient_accumulation_steps: { here: 'batch', note: BATCH },
  dataset: { here: 'data' },
  datasets: { here: 'data' },
  ssl_ratio: { here: 'random_length' },
  dtype: { here: 'precision' },
  mixed_precision: { here: 'precision' },
  random_seed: { here: 'seed' },
  eval_steps: { here: 'validate' },
  eval_interval: { here: 'validate' },
  logging_steps: { here: 'log' },
  log_interval: { here: 'log' },
  save_steps: { here: 'keep' },
  save_interval: { here: 'keep' },
  init_from: { here: 'from' },
  resume_from_checkpoint: { here: 'from', note: 'an unfinished run resumes by itself; `from` starts from the weights of another' },
  output_dir: { note: 'results lie in the store, under the stage’s key' },
  device: { note: NONE_DEVICE },
  num_gpus: { note: NONE_DEVICE },
  gradient_checkpointing: { note: NONE_DEVICE },
  dropout: { note: 'models here have no dropout' },
  // objective
  noise_schedule: { here: 'schedule' },
  mask_schedule: { here: 'schedule' },
  loss_weight: { here: 'weight' },
  cfg_dropout: { here: 'drop_prompt' },
  // sampling
  cfg: { here: 'guidance' },
  cfg_scale: { here: 'guidance' },
  guidance_scale: { here: 'guidance' },
  temp: { here: 'temperature' },
  num_steps: { here: 'steps' },
  diffusion_steps: { here: 'steps' },
  max_new_tokens: { here: 'length', note: '`length` counts the prompt too' },
  max_tokens: { here: 'length', note: '`length` counts the prompt too' },
  max_length: { here: 'length' },
  top_p: { note: 'samplers here draw from the whole distribution: `temperature` sharpens it' },
  top_k: { note: 'samplers here draw from the whole distribution: `temperature` sharpens it' },
  remasking: { here: 'order' },
  alg: { here: 'sampler' },
  gen_length: { here: 'length', note: '`length` counts the prompt too' },
  num_samples: { here: 'count' },
  num_return_sequences: { here: 'count' },
  // data and evaluation
  val_split: { here: 'validation' },
  validation_split: { here: 'validation' },
  val_set_size: { here: 'validation' },
  max_samples: { here: 'limit' },
  metrics: { here: 'metric' },
  mc_num: { here: 'samples' },
  nll_type: { here: 'by' },
}

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

function each(words: readonly string[], kind: string): Readonly<Record<string, string>> {
  return Object.fromEntries(words.map((word) => [word, kind]))
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
