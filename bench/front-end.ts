// How long a page of 10 000 lines takes to be checked, each time in a process that has not checked anything before:
//   node --import tsx bench/front-end.ts [--lines 10000] [--rounds 7]
// Counted is what check() takes, from the text to the pipeline, the library included; not what Node takes to load the sources. Node's
// other threads give way, as in smdmc. Then what a user waits for: `smdmc check`, from its start to its end, with the data in its place.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { check, type World } from '../compiler/check/check.ts'
import { writeYaml } from '../compiler/yaml/write.ts'
import { readYaml } from '../compiler/yaml/read.ts'
import { format } from '../grammar/format.ts'
import { parse } from '../grammar/parse.ts'
import { busyTime, tellsBusyTime } from '../test/robust/clock.ts'
import { pageOf, trainingsOf } from './front-end-page.ts'

const { values } = parseArgs({
  options: { lines: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '7' }, one: { type: 'string' } },
})
const page = { name: 'page.smdm', text: pageOf(Number(values.lines)) }
const trainings = { name: 'page.smdm', text: trainingsOf(Number(values.lines)) }

/** What is measured, each in a process of its own. It returns the work, so that what it needs is made before. */
const tasks: Readonly<Record<string, () => () => unknown>> = {
  check: () => checking(page),
  'check trainings': () => checking(trainings),
  parse: () => () => parse(page),
  format: () => {
    const { module } = parse(page)
    return () => format(module)
  },
  'to YAML and back': () => {
    const { module } = parse(page)
    return () => readYaml({ name: 'page.yaml', text: writeYaml(module) })
  },
}

function checking(source: typeof page): () => void {
  const world = worldOf()
  return () => {
    const { pipeline, diagnostics } = check(source, world)
    if (pipeline === undefined) throw new Error(diagnostics[0]?.message)
  }
}

/** Every data file is there; the library is read from its files and not parsed yet. */
function worldOf(): World {
  const [prelude, smdm] = ['std', 'smdm'].map((name) => {
    const folder = join(import.meta.dirname, '..', 'pipelines', name)
    return readdirSync(folder).map((file) => ({ name: `${name}/${file}`, text: readFileSync(join(folder, file), 'utf8') }))
  })
  const files: World['files'] = (path) => ({ path, found: true, bytes: 1e7, sha256: '0'.repeat(64) })
  return { prelude: prelude!, read: () => smdm!, files, set: {} }
}

interface Sample {
  readonly wall: number
  /** On a processor, where the system tells. */
  readonly busy?: number
}

function measureOne(name: string): void {
  const work = tasks[name]!()
  const [began, busy] = [performance.now(), busyTime()]
  work()
  const sample: Sample = { wall: performance.now() - began, ...(tellsBusyTime && { busy: busyTime() - busy }) }
  console.log(JSON.stringify(sample))
}

function measureAll(): void {
  console.log(`${page.text.split('\n').length} lines, ${(page.text.length / 1000).toFixed(0)} KB; ms, least and median`)
  for (const name of Object.keys(tasks)) {
    const samples = Array.from({ length: Number(values.rounds) }, () => inFreshProcess(name))
    const busy = samples.flatMap((sample) => sample.busy ?? [])
    const shown = [`wall ${spread(samples.map(({ wall }) => wall))}`, ...(busy.length === 0 ? [] : [`processor ${spread(busy)}`])]
    console.log(`${name.padEnd(24)} ${shown.join('   ')}`)
  }
  for (const [name, { text }] of [
    ['smdmc check', page],
    ['smdmc check, trainings', trainings],
  ] as const)
    // prettier-ignore
    console.log(`${name.padEnd(24)} wall ${spread(asCommand(text))}`)
}

/** Wall times of the command on a page in a folder of its own. */
function asCommand(text: string): readonly number[] {
  const folder = mkdtempSync(join(tmpdir(), 'smdmc-front-end-'))
  try {
    writeFileSync(join(folder, 'page.smdm'), text)
    for (const [, path] of text.matchAll(/text\("([^"]+)"\)/g)) {
      const file = join(folder, path!)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, '')
      truncateSync(file, 1e7)
    }
    const command = fileURLToPath(new URL('../bin/smdmc.js', import.meta.url))
    return Array.from({ length: Number(values.rounds) }, () => {
      const began = performance.now()
      const { status, stderr } = spawnSync(process.execPath, [command, 'check', 'page.smdm'], { cwd: folder, encoding: 'utf8' })
      if (status !== 0) throw new Error(stderr)
      return performance.now() - began
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  return [sorted[0]!, sorted[sorted.length >> 1]!].map((time) => time.toFixed(0).padStart(5)).join(' ')
}

const threads = new URL('../bin/threads.js', import.meta.url).href

function inFreshProcess(name: string): Sample {
  const args = ['--import', threads, '--import', 'tsx', fileURLToPath(import.meta.url), '--lines', values.lines, '--one', name]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Sample
}

if (values.one === undefined) measureAll()
else measureOne(values.one)
