import { elaborateModel } from '../compiler/elaborate/model.ts'
import { Report } from '../grammar/diagnostic.ts'
import { page } from './elaborate-fixture.ts'
import { Library } from '../compiler/build/library.ts'
import { trainPrograms } from '../compiler/build/train.ts'
import { simplify } from '../compiler/passes/simplify.ts'
import { expand } from '../compiler/passes/expand.ts'
import { claimsOnnx, planOnnx } from '../compiler/plan/onnx.ts'
import { cpuFacts } from '../runtime/onnx/facts.ts'
import { print } from '../compiler/graph/print.ts'
import { writeFileSync } from 'node:fs'

const scope = page('')
const block = scope.code(['transformer'])!
const report = new Report()
const span = { source: { name: '', text: '' }, start: 0, end: 0 }
const model = elaborateModel({ block, settings: new Map(Object.entries({ context: 256 }).map(([k, value]) => [k, { value, span }])), span } as never, { vocab: 256, report } as never)!
console.log(report.diagnostics.map((d) => d.message), model?.parameters)
const lib = new Library(scope as never)
const optimizer = { kind: 'adamw', rate: 2e-4, warmup: 1, decay: 'cosine', floor: 0.1, betas: [0.9, 0.95], weightDecay: 0.1, clip: 1, eps: 1e-8 } as const
const hasGradient = (n: any) => n.op === 'call' && n.attrs.grads !== undefined
let narrow = (g: any) => g
try { narrow = (await import('../compiler/passes/narrow.ts' as string)).narrow } catch { console.log('no narrow') }
const t0 = performance.now()
const [p] = trainPrograms({ model, optimizer }, { batch: 8, time: 256 }, lib, true, (g) => simplify(expand(narrow(simplify(g)), (n) => claimsOnnx(n) || hasGradient(n))))
const graph = simplify(expand(p!.graph, claimsOnnx))
const t1 = performance.now()
writeFileSync('/tmp/scratch/graph.txt', print(graph))
const plan = planOnnx([{ name: 'step', graph }], cpuFacts())
const t2 = performance.now()
console.log('build', t1 - t0, 'plan', t2 - t1, graph.nodes.length, plan.memory, plan.programs[0]!.updates.filter((u) => !u.inPlace))
writeFileSync('/tmp/scratch/step.onnx', plan.programs[0]!.model)
export { plan }
