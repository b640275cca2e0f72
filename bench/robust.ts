// Random and damaged texts through the whole front end, to find one that it does not answer well:
//   npm run robust -- --inputs 100000 --seed 1        or one of them again: --seed 1 --only 4711
// A second thread does the work, so that a text on which it never ends is found out as well.
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { inputOf } from '../test/robust/inputs.ts'
import { numberOf, type Slow, type Told, type Work } from './robust-worker.ts'

/** A text on which no end is seen for so long never ends. */
const patience = 60_000

async function watch(): Promise<void> {
  const { values } = parseArgs({
    options: { inputs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' }, only: { type: 'string' } },
  })
  const seed = Number(values.seed)
  const [first, end] = values.only === undefined ? [0, Number(values.inputs)] : [Number(values.only), Number(values.only) + 1]
  const began = performance.now()
  const slowest: Slow[] = []
  let [broken, clean, checked] = [0, 0, 0]
  for (let from = first; from < end;) {
    const at = new Int32Array(new SharedArrayBuffer(8))
    const to = Math.min(end, from + 5000)
    const result = await run({ seed, from, to, at }, (told) => {
      broken++
      console.log(`\n--seed ${seed} --only ${told.number}: ${told.text}\nshrunk to ${JSON.stringify(told.shrunk)}`)
    })
    if (result.kind === 'lost') {
      broken++
      console.log(`\n--seed ${seed} --only ${at[0]}: ${result.why}\n${JSON.stringify(inputOf(numberOf(seed, at[0]!)))}`)
      from = at[0]! + 1
      continue
    }
    clean += result.clean
    checked += result.checked
    slowest.push(...result.slowest)
    from = to
    console.log(
      `${to - first} inputs, ${((performance.now() - began) / 1000).toFixed(0)} s: ${clean} parse, ${checked} check, ${broken} broken`,
    )
  }
  slowest.sort((a, b) => b.milliseconds - a.milliseconds).splice(5)
  console.log('slowest:', slowest.map((s) => `--only ${s.number}: ${s.milliseconds.toFixed(0)} ms`).join(', '))
  process.exitCode = broken > 0 ? 1 : 0
}

type Ended = Extract<Told, { kind: 'done' }> | { readonly kind: 'lost'; readonly why: string }

/** A thread begins without TypeScript. */
const loader = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(new URL('robust-worker.ts', import.meta.url).href)})))`

function run(task: Work, onBroken: (told: Extract<Told, { kind: 'broken' }>) => void): Promise<Ended> {
  return new Promise((resolve) => {
    // The stack of a main thread is smaller than what a worker gets by itself.
    const worker = new Worker(loader, { eval: true, workerData: task, resourceLimits: { stackSizeMb: 1, maxOldGenerationSizeMb: 1500 } })
    let [last, since] = [-1, performance.now()]
    const lost = (why: string): void => {
      clearInterval(timer)
      void worker.terminate()
      resolve({ kind: 'lost', why })
    }
    const timer = setInterval(() => {
      if (task.at[0] !== last) [last, since] = [task.at[0]!, performance.now()]
      else if (performance.now() - since > patience) lost('no end is seen')
    }, 1000)
    worker.on('error', (error: Error) => lost(error.message))
    worker.on('message', (told: Told) => {
      if (told.kind === 'broken') return onBroken(told)
      clearInterval(timer)
      void worker.terminate()
      resolve(told)
    })
  })
}

await watch()
