// smdmc diff FILE A B, or smdmc diff FILE:A OTHER:B: what differs between two stages, by path.
import type { Stage } from '../../compiler/check/pipeline.ts'
import { differences } from '../../compiler/report/diff.ts'
import { diffText, whereText } from '../../compiler/report/diff-text.ts'
import { exits, WrongUse, type Exit } from '../exit.ts'
import { load, type LoadOptions } from '../load.ts'
import { reportDiagnostics, type Output } from '../report.ts'
import { stageNamed } from './stages.ts'

/** `what`: a file and two of its stages, or two of `FILE:STAGE`. */
export async function diffCommand(what: readonly string[], options: LoadOptions, output: Output): Promise<Exit> {
  const [first, second] = sidesOf(what)
  const before = await stageIn(first, options, output)
  const after = before && (await stageIn(second, options, output))
  if (before === undefined || after === undefined) return exits.wrong
  const found = differences(before.normal, after.normal)
  const where = (path: string): string => [...new Set([whereText(before, path), whereText(after, path)])].join(' → ')
  if (output.json) {
    const rows = found.map((d) => ({ ...d, where: { before: whereText(before, d.path), after: whereText(after, d.path) } }))
    process.stdout.write(JSON.stringify({ kind: 'diff', before: before.key, after: after.key, differences: rows }) + '\n')
  } else {
    const names = `${before.name} [${before.key.slice(0, 12)}] → ${after.name} [${after.key.slice(0, 12)}]`
    const same = before.key === after.key ? 'the same stage under two names' : 'no field differs'
    process.stdout.write(`${names}\n${found.length === 0 ? `  ${same}` : diffText(found, where)}\n`)
  }
  return exits.ok
}

interface Side {
  readonly file: string
  readonly stage: string
}

function sidesOf(what: readonly string[]): readonly [Side, Side] {
  const [file, a, b] = what
  if (what.length === 3) return [{ file: file!, stage: a! }, { file: file!, stage: b! }] // prettier-ignore
  const sides = what
    .filter((text) => text.includes(':'))
    .map((text): Side => ({ file: text.slice(0, text.lastIndexOf(':')), stage: text.slice(text.lastIndexOf(':') + 1) }))
  if (sides.length === 2 && sides.every((side) => side.file !== '' && side.stage !== '')) return [sides[0]!, sides[1]!]
  const advice = ['write `smdmc diff FILE A B`, or `smdmc diff FILE:A OTHER:B`']
  throw new WrongUse({ code: 'two-stages-needed', message: 'a comparison takes two stages', advice })
}

async function stageIn({ file, stage }: Side, options: LoadOptions, output: Output): Promise<Stage | undefined> {
  const { pipeline, diagnostics } = await load(file, options)
  reportDiagnostics(diagnostics.filter((d) => pipeline === undefined || d.severity === 'error'), output) // prettier-ignore
  return pipeline && stageNamed(pipeline, stage)
}
