// Random and damaged texts through the whole front end, to find one that it does not answer well:
//   npm run robust -- --inputs 100000 --seed 1        or one of them again: --seed 1 --only 4711
// A second thread does the work, so that a text on which it never ends is found out as well.
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { inputOf } from '../test/robust/inputs.ts'
import { numberOf, type Slow, type Told, type Work } from './robust-worker.ts'

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' }, only: { type: 'string' } },
})
const seed = Number(values.seed)
const [first, end] = values.only === undefined ? [0, Number(values.inputs)] : [Number(values.only), Number(values.only) + 1]

/** A text on which no end is seen for so long never ends. Shrinking has its own limit, below this. */
const patience = 60_000
/** Inputs of one thread, which begins with a fresh heap. */
const stretch = 5000

async function watch(): Promise<void> {
  const began = performance.now()
  const broken = new Map<string, number>()
  const slowest: Slow[] = []
  let [clean, checked] = [0, 0]
  for (let from = first; from < end;) {
    const counts = new Int32Array(new SharedArrayBuffer(12))
    const ended = await run({ seed, from, to: Math.min(end, from + stretch), counts, known: [...broken.keys()] }, (told) => {
      const before = broken.get(told.group) ?? 0
      broken.set(told.group, before + 1)
      if (before === 0) console.log(`\n--seed ${seed} --only ${told.number}: ${told.text}\nshrunk to ${JSON.stringify(told.shrunk)}`)
    })
    clean += counts[1]!
    checked += counts[2]!
    if (ended.kind === 'lost') {
      broken.set(ended.why, (broken.get(ended.why) ?? 0) + 1)
      console.log(`\n--seed ${seed} --only ${counts[0]}: ${ended.why}\n${JSON.stringify(inputOf(numberOf(seed, counts[0]!)))}`)
      from = counts[0]! + 1
      continue
    }
    slowest.push(...ended.slowest)
    from = Math.min(end, from + stretch)
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    console.log(`${from - first} inputs, ${seconds} s: ${clean} read without an error, ${checked} right, ${sum(broken.values())} broken`)
  }
  slowest.sort((a, b) => b.milliseconds - a.milliseconds).splice(5)
  console.log('slowest:', slowest.map((s) => `--only ${s.number}: ${s.milliseconds.toFixed(0)} ms`).join(', '))
  for (const [group, count] of broken) console.log(`${count} × ${group}`)
  process.exitCode = broken.size > 0 ? 1 : 0
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0)

type Ended = Extract<Told, { kind: 'done' }> | { readonly kind: 'lost'; readonly why: string }

/** A thread begins without TypeScript. */
const source = new URL('robust-worker.ts', import.meta.url).href
const loader = `import('tsx/esm/api').then(({ register }) => (register(), import('${source}')))`

function run(task: Work, onBroken: (told: Extract<Told, { kind: 'broken' }>) => void): Promise<Ended> {
  return new Promise((resolve) => {
    // The stack is that of a main thread, which is smaller than what a worker gets by itself.
    const resourceLimits = { stackSizeMb: 1, maxOldGenerationSizeMb: 1500 }
    const worker = new Worker(loader, { eval: true, workerData: task, resourceLimits })
    let [last, since] = [-1, performance.now()]
    const lose = (why: string): void => finish({ kind: 'lost', why })
    const timer = setInterval(() => {
      if (task.counts[0] !== last) [last, since] = [task.counts[0]!, performance.now()]
      else if (performance.now() - since > patience) lose('no end is seen')
    }, 1000)
    const finish = (ended: Ended): void => {
      clearInterval(timer)
      void worker.terminate()
      resolve(ended)
    }
    worker.on('error', (error: Error) => lose(error.message))
    worker.on('message', (told: Told) => (told.kind === 'broken' ? onBroken(told) : finish(told)))
  })
}

await watch()
