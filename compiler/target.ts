// The two targets: what each wants of a graph before it plans it, and its planner.
// ONNX Runtime has softmax and friends of its own; our WebGPU kernels have attention.
import type { DeviceFacts } from './facts.ts'
import type { AttentionAttributes, Graph, Node, Type } from './graph/graph.ts'
import { leavesScores } from './kernels/attention-scores.ts'
import { attend } from './passes/attend.ts'
import { expand } from './passes/expand.ts'
import { keepScores } from './passes/keep-scores.ts'
import { narrow } from './passes/narrow.ts'
import { simplify } from './passes/simplify.ts'
import { claimsOnnx, planOnnx } from './plan/onnx.ts'
import type { Plan } from './plan/plan.ts'
import type { Lowering, Precision, Program } from './build/programs.ts'
import { planWebgpu } from './plan/webgpu.ts'

type Claim = (node: Node) => boolean

const isAttention: Claim = (node) => node.op.startsWith('attention')
const hasGradient: Claim = (node) => node.op === 'call' && node.attrs.grads !== undefined

/** How graphs are brought to what the device's kernels know. */
export function loweringFor(facts: DeviceFacts): Lowering {
  const claims = facts.backend === 'cpu' ? claimsOnnx : isAttention
  const recognise = facts.backend === 'cpu' ? (g: Graph): Graph => g : attend
  return {
    // Composites with a gradient of their own stay closed, so that differentiation uses it.
    forward: (graph) => simplify(expand(narrow(recognise(simplify(graph))), (n) => claims(n) || hasGradient(n))),
    backward: (graph) => simplify(expand(graph, claims)),
    last: (graph) => (facts.backend === 'cpu' ? graph : keepScores(graph, (attrs, [q, k, v]) => leaves(attrs, q!, k!, v!, facts))),
  }
}

function leaves(attrs: AttentionAttributes, q: Type, k: Type, v: Type, facts: DeviceFacts): boolean {
  return leavesScores({ kind: 'dkv', attrs, q, k, v, wantLse: false, wantDs: true, live: [], facts })
}

/** What products compute in on a device, if a stage wants f16: f32 on the CPU, and on GPUs without an f16 that can be relied on. */
export function precisionOn(facts: DeviceFacts, wanted: Precision): Precision {
  return facts.backend === 'webgpu' && facts.features.includes('shader-f16') ? wanted : 'f32'
}

/** `budget`: bytes for activations, kept by recomputation as far as the target can. */
export function planFor(programs: readonly Program[], facts: DeviceFacts, budget?: number): Plan {
  return facts.backend === 'cpu' ? planOnnx(programs, facts) : planWebgpu(programs, facts, budget)
}
