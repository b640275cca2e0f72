// How good a model is on held-out text, during training: the bound with a fixed set of sequences and masks, so that two
// validations differ by the weights alone.
import type { TrainJob } from '../compiler/plan/jobs.ts'
import type { Executable } from './backend.ts'
import { unigramEntropy } from './data/unigram.ts'
import { windowsIn } from './data/sequences.ts'
import { nextToken } from './likelihood/chain-rule.ts'
import { exactK } from './likelihood/exact-k.ts'
import { Estimator, windowsOf, type Estimate, type Noised } from './likelihood/scored.ts'
import { programOf } from './program.ts'
import { score } from './score.ts'
import type { Tokens } from './tokenizer/tokenizer.ts'

/** Noised sequences of one validation, if there is as much text; what there is counts several times otherwise. */
const draws = 128
/** The same for every training, so that runs with different seeds compare. */
const seed = 0

export interface Validation {
  /** Nats per token, with its standard error over the sequences. */
  measure(executable: Executable): Promise<Estimate>
  /** Entropy of single tokens of the held-out text, nats per token. */
  readonly unigram: number
}

/** Fails with a Failure where the text is shorter than a sequence. */
export function validationOf(job: TrainJob, tokens: Tokens): Validation {
  const { context, mask, micro, plan } = job
  const masked = job.objective === 'masked'
  const length = masked ? context : context + 1
  const windows = windowsIn(tokens, length, 'the validation part of the data')
  const texts = windowsOf(tokens, length, windows, Math.min(windows, draws))
  const sequences = (): Iterable<Noised> =>
    masked ? exactK(texts, Math.ceil(draws / texts.count) * texts.count, mask, seed) : nextToken(texts)
  const program = programOf(plan, 'nll')
  if (program === undefined) throw new Error('the plan has no program nll')
  return {
    unigram: unigramEntropy(tokens, job.vocab),
    measure: async (executable) => {
      const estimator = new Estimator(context)
      for await (const scored of score({ executable, program, batch: micro, time: context, mask }, sequences())) {
        for (const { draw, sum } of scored) estimator.add(draw, sum)
      }
      return estimator.estimate()
    },
  }
}
