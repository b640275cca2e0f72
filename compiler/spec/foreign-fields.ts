// Fields that other frameworks call differently, or have where smdmc deliberately has none. An unknown field is looked up here before
// any spelling is guessed. A word may mean one thing in a training and another in a sampler: it stands in several rows.

/** What a word means: a field of ours, or nothing but the note. */
export interface Meaning {
  readonly here?: string
  readonly note?: string
}

type Row = readonly [words: string, here: string | undefined, note?: string]

const BATCH = '`batch` is what one step of the optimizer sees; smdmc splits it to fit the device'
const DEVICE = 'a page says nothing about devices: smdmc chooses, and the result is the same'
const STORE = 'results lie in the store, under the stage’s key; `smdmc run --json` prints each step'
const LAYER = 'what a layer computes is a block: write your own, and `layer: mine` in the model'
const steps = 'write `budget: 2000 steps`, with its unit'
const tokens = 'write `budget: 1B tokens`, with its unit'
const epochs = 'write `budget: 3 epochs`, with its unit'
const warmup = 'write `warmup: 200 steps`, with its unit'
const every = (field: string): string => `write \`${field}: 100 steps\`, with its unit`

const ROWS: readonly Row[] = [
  // model
  ['hidden_size n_embd d_model dim embed_dim hidden_dim embedding_dim model_dim embedding_size', 'width'],
  ['intermediate_size ffn_dim d_ff mlp_dim ffn_hidden_size dim_feedforward', 'hidden'],
  ['n_layer n_layers num_layers num_hidden_layers depth n_blocks num_blocks', 'layers'],
  ['n_head n_heads num_heads num_attention_heads nhead', 'heads'],
  ['kv_heads n_kv_heads num_kv_heads num_key_value_heads n_query_groups num_query_groups', 'groups'],
  ['seq_len seq_length sequence_len sequence_length block_size max_seq_len max_seq_length max_position_embeddings', 'context'],
  ['context_length context_size context_window n_ctx max_length', 'context'],
  ['is_causal', 'causal'],
  ['vocab_size n_vocab padded_vocab_size num_embeddings vocabulary', undefined, 'the vocabulary is that of the tokenizer: leave it out'],
  ['head_dim head_size d_head d_kv', undefined, 'a head has `width / heads` numbers'],
  ['mask_token mask_id mask_token_id', undefined, 'the mask is an id of its own, behind the vocabulary'],
  ['bias use_bias activation hidden_act act_fn norm norm_eps rms_norm_eps layer_norm_eps rope_theta rope_base', undefined, LAYER],
  ['pos_emb positional_encoding tie_word_embeddings tie_embeddings tie_weights', undefined, LAYER],
  [
    'attn_implementation flash_attention use_flash_attn use_flash_attention',
    undefined,
    'attention is one kernel wherever the device has it',
  ],
  ['dropout attention_dropout resid_dropout embd_dropout hidden_dropout', undefined, 'models here have no dropout'],
  // optimizer
  ['learning_rate max_lr peak_lr base_lr', 'lr'],
  ['min_lr lr_min end_lr final_lr', 'floor', 'a share of `lr`, such as 10%'],
  ['warmup_steps warmup_iters num_warmup_steps lr_warmup_steps', 'warmup', warmup],
  ['warmup_ratio', 'warmup', 'write `warmup: 1%`'],
  ['lr_scheduler scheduler lr_schedule lr_decay lr_scheduler_type decay_type', 'decay'],
  ['wd', 'weight_decay'],
  ['adam_betas beta1 beta2 adam_beta1 adam_beta2 momentum', 'betas', 'write both in one list, `betas: [0.9, 0.95]`'],
  ['adam_epsilon epsilon adam_eps', 'eps'],
  ['grad_clip max_grad_norm gradient_clipping clip_grad_norm gradient_clip_val grad_norm_clip', 'clip'],
  [
    'name type optim optimizer_type',
    undefined,
    'what something is stands before its brace, `adamw { … }`; names are those of declarations',
  ],
  ['fused foreach capturable', undefined, DEVICE],
  // training
  ['steps max_steps max_iters iterations iters num_iters n_steps num_steps train_steps total_steps', 'budget', steps],
  ['num_train_steps max_train_steps training_steps n_iters', 'budget', steps],
  ['tokens max_tokens num_tokens total_tokens train_tokens token_budget', 'budget', tokens],
  ['num_epochs num_train_epochs epochs epoch max_epochs n_epochs', 'budget', epochs],
  ['steps_per_epoch', 'budget'],
  ['flops', 'budget', 'write `budget: 10e18 flops`, with its unit'],
  ['batch_size global_batch_size micro_batch_size per_device_train_batch_size train_batch_size bsz', 'batch', BATCH],
  ['gradient_accumulation_steps grad_accum gradient_accumulation grad_accum_steps accumulate_grad_batches', 'batch', BATCH],
  ['dataset datasets train_data train_dataset', 'data'],
  ['ssl_ratio', 'random_length'],
  ['dtype mixed_precision fp16 bf16 amp torch_dtype', 'precision', 'write `precision: f16`, which keeps sums in f32'],
  ['random_seed', 'seed'],
  ['eval_steps eval_interval eval_every eval_freq val_every val_interval val_check_interval validate_every', 'validate', every('validate')],
  ['logging_steps log_interval log_every log_freq log_every_n_steps print_every', 'log', every('log')],
  ['save_steps save_interval save_every save_freq checkpoint_every checkpoint_interval ckpt_every', 'keep', every('keep')],
  ['init_from pretrained checkpoint load_from', 'from'],
  ['resume_from_checkpoint resume', 'from', 'the weights of another training to start from; an unfinished run goes on by itself'],
  ['output_dir out_dir save_dir run_name wandb wandb_project report_to logging_dir project', undefined, STORE],
  ['device devices num_gpus gpus num_nodes world_size strategy accelerator fsdp deepspeed ddp', undefined, DEVICE],
  ['gradient_checkpointing activation_checkpointing compile torch_compile num_workers pin_memory prefetch', undefined, DEVICE],
  ['ema ema_decay', undefined, 'there is no moving average of weights'],
  ['shuffle', undefined, 'the sequences of a training come in an order drawn from its `seed`'],
  // objective
  ['noise_schedule mask_schedule', 'schedule'],
  ['loss_weight weighting', 'weight'],
  ['time_epsilon sampling_eps t_min eps min_mask', 'floor'],
  ['mask_ratio mask_prob masking_ratio mlm_probability', 'schedule', 'the share of masks is drawn for each sequence, by an op of t'],
  ['cfg_dropout cond_dropout', 'drop_prompt'],
  ['label_smoothing z_loss', undefined, 'what is made small is the bound itself: `weight` changes what a token counts'],
  // sampling
  ['cfg cfg_scale guidance_scale', 'guidance'],
  ['temp gumbel_temperature', 'temperature'],
  ['num_steps diffusion_steps num_inference_steps sampling_steps n_steps nfe', 'steps'],
  ['max_new_tokens max_tokens max_length gen_length new_tokens', 'length', 'it counts the prompt, too'],
  ['top_p top_k min_p', undefined, 'samplers here draw from the whole distribution: `temperature` sharpens it'],
  ['repetition_penalty', undefined, 'samplers here draw from the model’s own distribution'],
  ['block_length', undefined, 'a text is written as a whole, not block by block'],
  ['remasking remask unmasking', 'order'],
  ['alg algorithm', 'sampler'],
  ['n num_samples n_samples num_return_sequences batch_size', 'count'],
  ['prompts input', 'prompt'],
  // data and evaluation
  ['val_split validation_split val_set_size val_ratio test_split holdout', 'validation'],
  ['path file data_files filename', undefined, 'the file stands in parentheses: `text("tales.txt") { … }`'],
  ['max_samples max_examples', 'limit'],
  ['metrics tasks', 'metric'],
  ['mc_num mc_samples n_samples num_mc', 'samples'],
  ['nll_type', 'by'],
]

/** The meanings of a word, in the order of the table. */
export const FOREIGN_FIELDS: ReadonlyMap<string, readonly Meaning[]> = meanings()

function meanings(): ReadonlyMap<string, readonly Meaning[]> {
  const found = new Map<string, Meaning[]>()
  for (const [words, here, note] of ROWS)
    for (const word of words.split(' ')) found.set(word, [...(found.get(word) ?? []), { ...(here && { here }), ...(note && { note }) }])
  return found
}
