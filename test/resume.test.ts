// A real training in a real process, stopped and killed at many moments and run again each time: it ends with the bits of a run
// that nobody disturbed, and so do its samples and its evaluation.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import test, { describe } from 'node:test'
import { Folder, pageText, results, smdmc, type Line, type Outcome } from './helpers/cli.ts'

/** One attempt: when to strike, and how. */
interface Strike {
  readonly when: string
  readonly signal: 'SIGINT' | 'SIGKILL'
  /** Called for each event; true is the moment. `steps`: how many this process has reported. */
  readonly at: (line: Line, steps: number) => boolean
  /** Waits from the event on until the process has begun to write a checkpoint. */
  readonly inCheckpoint?: boolean
}

const begun: Strike = { when: 'right after the start', signal: 'SIGKILL', at: (l) => l.kind === 'run' }
const compiling: Strike = { when: 'while it prepares the device', signal: 'SIGINT', at: (l) => l.kind === 'note' }
const afterSteps = (n: number, signal: Strike['signal']): Strike => ({ when: `after ${n} steps`, signal, at: (_, steps) => steps === n })
const writing: Strike = { when: 'while it writes a checkpoint', signal: 'SIGKILL', at: (l) => l.kind === 'step', inCheckpoint: true }
const trained: Strike = { when: 'between training and sampling', signal: 'SIGKILL', at: (l) => l.kind === 'done' }
const sampling = (signal: Strike['signal']): Strike => ({ when: 'while it samples', signal, at: (l) => l.kind === 'unmask' })
const evaluating: Strike = { when: 'while it evaluates', signal: 'SIGKILL', at: (l) => l.kind === 'note' && l.stage === 'bound' }

/** Runs the page until the strike. It may come too late for the last events, never for the process. */
async function struck(folder: Folder, device: string, { at, signal, inCheckpoint = false }: Strike): Promise<Outcome> {
  let steps = 0
  let armed = true
  const strike = (child: ChildProcess): void => {
    if (inCheckpoint && child.exitCode === null && !isWriting(join(folder.path, 'broken'))) setImmediate(strike, child)
    else child.kill(signal)
  }
  const on = (line: Line, child: ChildProcess): void => {
    if (line.kind === 'step') steps++
    if (!armed || !at(line, steps)) return
    armed = false
    strike(child)
  }
  return smdmc(['run', 'page.smdm', '--device', device, '--store', 'broken', '--json'], { cwd: folder.path, on })
}

/** Whether some stage's next checkpoint exists in part. */
function isWriting(store: string): boolean {
  return readdirSync(join(store, 'store')).some((stage) => {
    const state = join(store, 'store', stage, 'state')
    return existsSync(state) && readdirSync(state).some((name) => name.startsWith('tmp-'))
  })
}

async function survives(device: string, steps: number, strikes: readonly Strike[]): Promise<void> {
  // So much to evaluate that a signal while it samples never comes too late.
  using folder = new Folder(pageText({ steps: `${steps} steps` }).replace('samples: 16', 'samples: 1024'))
  const args = ['run', 'page.smdm', '--device', device, '--json']
  const whole = await folder.run(...args, '--store', 'whole')
  assert.equal(whole.code, 0, whole.stderr)
  for (const strike of strikes) {
    const { code, signal, lines, stderr } = await struck(folder, device, strike)
    if (strike.signal === 'SIGKILL') assert.equal(signal, 'SIGKILL', `${strike.when}: ${stderr}`)
    else {
      assert.equal(code, 130, `${strike.when}: ${stderr}`)
      assert.equal(lines.at(-1)!.kind, 'stopped', strike.when)
    }
  }
  const last = await folder.run(...args, '--store', 'broken')
  assert.equal(last.code, 0, last.stderr)
  assert.deepEqual(results(join(folder.path, 'broken')), results(join(folder.path, 'whole')))
  const files = readdirSync(join(folder.path, 'broken'), { recursive: true, encoding: 'utf8' })
  assert.deepEqual(
    files.filter((f) => /tmp|lock|state$/.test(f)),
    [],
    'nothing half-done is left',
  )
  assert.deepEqual(loggedSteps(folder, 'broken'), loggedSteps(folder, 'whole'), 'the log has each step once')
}

function loggedSteps(folder: Folder, store: string): readonly number[] {
  const logs = readdirSync(join(folder.path, store), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('log.jsonl'))
  const lines = logs.flatMap((f) => folder.read(store, f).trimEnd().split('\n'))
  return lines.flatMap((l) => {
    const { kind, step } = JSON.parse(l) as { kind: string; step: number }
    return kind === 'step' ? [step] : []
  })
}

describe('interrupted and run again', { concurrency: 2 }, () => {
  test('cpu: killed early and often', () =>
    survives('cpu', 60, [begun, compiling, afterSteps(4, 'SIGKILL'), writing, writing, afterSteps(2, 'SIGINT'), afterSteps(1, 'SIGKILL')]))

  test('cpu: killed late', () => survives('cpu', 8, [trained, sampling('SIGKILL'), sampling('SIGINT'), evaluating]))

  test('software GPU: killed and stopped', () => survives('software', 8, [afterSteps(4, 'SIGKILL'), writing, afterSteps(1, 'SIGINT')]))

  test('Ctrl-C says how to go on, and the next run does', async () => {
    using folder = new Folder(pageText({ steps: '500 steps' }))
    const stopped = await struck(folder, 'cpu', afterSteps(5, 'SIGINT'))
    const end = stopped.lines.at(-1)!
    assert.ok(end.kind === 'stopped' && end.step >= 5 && end.step < 500 && end.total === 500, JSON.stringify(end))
    const again = await struck(folder, 'cpu', afterSteps(1, 'SIGINT'))
    const stage = again.lines.find((l) => l.kind === 'stage')
    const first = again.lines.find((l) => l.kind === 'step')
    assert.equal(stage!.state, 'resumed')
    assert.equal(first!.step, end.step + 1, 'no step is lost and none is done twice')
  })
})
