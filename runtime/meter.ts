// Counts steps and seconds of a training, and says when a checkpoint is due. What happens beside training (validation, saving)
// does not count as training time.
import type { TrainJob } from '../compiler/plan/jobs.ts'
import type { Executable } from './backend.ts'
import { Failure, type RunEvent } from './events.ts'
import { secondsSince } from './stage.ts'
import type { QueuedStep } from './step-queue.ts'

/** Steps in a row whose gradients may overflow f16 before that means something else: the scale has then come down by so many halvings. */
const mostSkipped = 40

/** A checkpoint is due after so many seconds, or so many times what saving the last one took, whichever is longer. */
const patience = { seconds: 60, share: 20 }

export class Meter {
  readonly #job: TrainJob
  readonly #executable: Executable
  readonly #start = performance.now()
  #last = performance.now()
  #lastStep: number | undefined
  #saved = performance.now()
  #savingTook = 0
  #skipped = 0

  constructor(job: TrainJob, executable: Executable) {
    this.#job = job
    this.#executable = executable
  }

  /** Whether enough time has passed since the last checkpoint. */
  get saveIsDue(): boolean {
    return secondsSince(this.#saved) > Math.max(patience.seconds, patience.share * this.#savingTook)
  }

  async saving<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const result = await this.aside(work)
    this.#savingTook = secondsSince(start)
    this.#saved = performance.now()
    return result
  }

  /** Work that is not training. */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const result = await work()
    this.#last += performance.now() - start
    return result
  }

  /** Waits for a step's numbers; the rate is that since the last lap. Fails with a Failure when they are not finite. */
  async stepEvent({ step, losses, norm }: QueuedStep): Promise<Extract<RunEvent, { kind: 'step' }>> {
    const { stage, steps, batch, context, flops, rate } = this.#job
    const loss = (await Promise.all(losses)).reduce((a, b) => a + b, 0)
    const size = await norm
    const skipped = !Number.isFinite(size) && this.#job.extra.length > 0
    this.#skipped = skipped ? this.#skipped + 1 : 0
    const failed = !Number.isFinite(loss) || (!Number.isFinite(size) && !skipped) || this.#skipped > mostSkipped
    if (failed) throw step === 1 ? numberless(loss, size) : diverged(step, loss, size)
    const now = performance.now()
    const tokensPerSecond = ((step - (this.#lastStep ?? step - 1)) * batch * context) / ((now - this.#last) / 1000)
    return {
      kind: 'step',
      stage,
      step,
      total: steps,
      loss,
      norm: size,
      rate: rate(step),
      tokens: step * batch * context,
      seconds: (now - this.#start) / 1000,
      tokensPerSecond,
      flopsPerSecond: tokensPerSecond * flops.executed,
      memory: this.#executable.memory,
      ...(skipped && { skipped }),
    }
  }

  /** From here on the next rate is measured: of several steps, since their results may come at once. */
  lap({ step, seconds }: Pick<Extract<RunEvent, { kind: 'step' }>, 'step' | 'seconds'>): void {
    this.#last = this.#start + seconds * 1000
    this.#lastStep = step
  }
}

/** At the first step, which weights see that no step has changed yet. */
function numberless(loss: number, norm: number): Failure {
  return new Failure({
    code: 'diverged',
    message: `the model gives no numbers: at step 1, before anything is learned, the loss is ${loss} and the gradient's norm ${norm}`,
    advice: [
      'look in its blocks for 0 / 0, a logarithm or root of what is below zero, exp of what is large, a softmax of nothing but -inf',
      'a formula that is no number has no gradient either, even on the side of an `if` that is not taken: keep its argument in range',
    ],
  })
}

function diverged(step: number, loss: number, norm: number): Failure {
  return new Failure({
    code: 'diverged',
    message: `training diverged: at step ${step} the loss is ${loss} and the gradient's norm ${norm}`,
    advice: ['use a lower learning rate or a longer warm-up', 'the last checkpoint is from before and is kept'],
  })
}
