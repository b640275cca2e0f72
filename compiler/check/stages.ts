// Which stages a page has, in which order, each built once: a field that holds a stage is an edge, and there is
// no other way to order work. Cycles cannot reach this place; values.ts has found them.
import type { Expr, Noun } from '../../grammar/ast.ts'
import { bug } from '../bug.ts'
import { isKind, KINDS } from '../spec/kinds.ts'
import { lookupsOf, type Build } from './build.ts'
import { complete, sound } from './complete.ts'
import { buildEval } from './eval.ts'
import { keyOf, normalForm, originsOf } from './normal.ts'
import type { LaterStage, Stage } from './pipeline.ts'
import { buildSample } from './sample.ts'
import type { Names } from './names.ts'
import type { Session } from './session.ts'
import { buildTrain } from './train.ts'
import type { Rec, Value } from './value.ts'

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
  const b: Build = { s, stages, done, told: new Set(), bases: basesIn(root), stageOf }
  for (const item of root.module.items) {
    // Nouns that no stage mentions are evaluated too, for their mistakes.
    if (item.kind === 'use' || item.kind === 'op' || item.kind === 'block') continue
    const value = s.valueOf(item, root)
    if (value.kind === 'record' && value.decl === item && KINDS[value.of].stage) stageOf(value)
    else if (value.kind === 'record' && value.decl === item) sound(b, value)
  }
  return done
}

/** Trainings of a file that another one amends. */
function basesIn(root: Names): ReadonlySet<Noun> {
  const bases = new Set<Noun>()
  for (const item of root.module.items) {
    if (item.kind !== 'noun' || !isKind(item.noun.name) || item.value.kind === 'record') continue
    let base: Expr = item.value
    while (base.kind === 'amend') base = base.target
    const binding = base.kind === 'name' ? root.own.get(base.name) : undefined
    if (binding?.kind === 'noun') bases.add(binding.decl)
  }
  return bases
}

function buildStage(b: Build, record: Rec): Stage | undefined {
  switch (record.of) {
    case 'train':
      return buildTrain(b, record)
    case 'sample':
      return buildSample(b, record)
    case 'eval':
      return buildEval(b, record)
    case 'sweep':
    case 'fit':
    case 'table':
      return buildLater(b, record, record.of)
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

/** Stages that are checked and cannot run yet: the rest of the page runs without them. */
function buildLater(b: Build, record: Rec, kind: LaterStage['kind']): LaterStage | undefined {
  if (!complete(b, record)) return undefined
  const isSound = sound(b, record)
  const needed = mentioned(record).map((stage) => b.stageOf(stage))
  const { decl } = record
  if (decl) b.s.say.notAvailable(decl.noun.span, { stage: kind, name: decl.name.name })
  const needs = needed.filter((stage) => stage !== undefined)
  if (!isSound || needs.length < needed.length) return undefined
  const normal = normalForm(lookupsOf(b), record, {})
  return { kind, name: decl?.name.name ?? '', span: record.span, key: keyOf(normal), normal, origins: originsOf(record), needs }
}

function mentioned(record: Rec): Rec[] {
  const inside = (value: Value): Rec[] => {
    if (value.kind === 'list') return value.items.flatMap(inside)
    return value.kind === 'record' && KINDS[value.of].stage && value.decl ? [value] : []
  }
  return [...record.fields.values()].flatMap((held) => inside(held.value))
}
