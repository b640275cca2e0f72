// Which stages a page has, in which order, each built once: a field that holds a stage is an edge, and there is
// no other way to order work. Cycles cannot reach this place; values.ts has found them.
import type { Expr, Noun } from '../../grammar/ast.ts'
import { bug } from '../bug.ts'
import { isKind, KINDS } from '../spec/kinds.ts'
import type { Build } from './build.ts'
import { later } from './complete.ts'
import { buildCustom } from './custom.ts'
import { buildData } from './data.ts'
import { buildEval } from './eval.ts'
import { buildFit } from './fit.ts'
import { warnOverwritten } from './overwritten.ts'
import type { Stage } from './pipeline.ts'
import { buildSample } from './sample.ts'
import type { Names } from './names.ts'
import type { Session } from './session.ts'
import { buildSweep } from './sweep.ts'
import { buildTable } from './table.ts'
import { buildTrain } from './train.ts'
import type { Rec } from './value.ts'

/** Builds the stages of the root file and what they need. */
export function buildStages(s: Session, root: Names): readonly Stage[] {
  const stages = new Map<Noun, Stage | undefined>()
  const done: Stage[] = []
  const stageOf = (record: Rec): Stage | undefined => {
    const decl = record.decl ?? bug('a stage without a name is mentioned')
    if (stages.has(decl)) return stages.get(decl)
    const stage = buildStage(b, record)
    stages.set(decl, stage)
    if (stage) done.push(stage)
    return stage
  }
  const b: Build = { s, stages, done, told: new Set(), bases: basesIn(s, root), elsewhere: nounsElsewhere(root), stageOf }
  for (const item of root.module.items) {
    // Nouns that no stage mentions are evaluated too, for their mistakes.
    if (item.kind === 'use' || item.kind === 'op' || item.kind === 'block') continue
    const value = s.valueOf(item, root)
    if (value.kind === 'record' && value.decl === item && KINDS[value.of].stage) stageOf(value)
    else if (value.kind === 'record' && value.decl === item) checkValue(b, value)
  }
  warnOverwritten(s, stages)
  return done
}

/** A noun that may be mentioned by no stage: its own mistakes are told all the same. */
function checkValue(b: Build, value: Rec): void {
  later(b, value)
  if (value.of === 'data') buildData(b, value, 'all')
}

/** Stages of a file that another one amends. */
function basesIn(s: Session, root: Names): ReadonlySet<Noun> {
  const bases = new Set<Noun>()
  for (const item of root.module.items) {
    if (item.kind !== 'noun' || item.value.kind === 'record' || !(isKind(item.noun.name) || s.kinds.has(item.noun.name))) continue
    let base: Expr = item.value
    while (base.kind === 'amend') base = base.target
    const binding = base.kind === 'name' ? root.own.get(base.name) : undefined
    if (binding?.kind === 'noun') bases.add(binding.decl)
  }
  return bases
}

/** What the root file calls the nouns of the files that it uses, and these of theirs: two may have a `tiny` each. */
function nounsElsewhere(root: Names): ReadonlyMap<Noun, string> {
  const called = new Map<Noun, string>()
  const queue = [{ names: root, path: '' }]
  const seen = new Set<Names>([root])
  for (const { names, path } of queue) {
    for (const [name, binding] of names.own) {
      if (binding.kind === 'noun' && path !== '') called.set(binding.decl, path + name)
      if (binding.kind !== 'use' || seen.has(binding.names)) continue
      seen.add(binding.names)
      queue.push({ names: binding.names, path: `${path}${name}.` })
    }
  }
  return called
}

function buildStage(b: Build, record: Rec): Stage | undefined {
  switch (record.of) {
    case 'train':
      return buildTrain(b, record)
    case 'sample':
      return buildSample(b, record)
    case 'eval':
      return buildEval(b, record)
    case 'custom':
      return buildCustom(b, record)
    case 'sweep':
      return buildSweep(b, record)
    case 'fit':
      return buildFit(b, record)
    case 'table':
      return buildTable(b, record)
    case 'tokenizer':
    case 'data':
    case 'model':
    case 'objective':
    case 'optimizer':
    case 'sampler':
    case 'metric':
    case 'checkpoint':
    case 'turn':
      return bug(`a ${record.of} is no stage`)
  }
}
