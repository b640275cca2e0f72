// Composites: an op of the language with its body, and scalar functions written in WGSL. The i-th input of a call
// stands for the i-th `input` node of its body, in the order of the body's nodes.
import { bug } from '../../bug.ts'
import { floats } from './rules.ts'
import type { Op } from './op.ts'

type Name = 'call' | 'native'

export const composite: { [K in Name]: Op<K> } = {
  call: {
    name: 'call',
    doc: 'An op of the language: whatever its body says. A target may claim it by name, else its body takes its place.',
    type: (_inputs, { name, body }) => {
      const output = body.outputs[0] ?? bug(`the body of ${name} has no result`)
      return body.nodes[output.node]!.type
    },
    examples: [],
  },
  native: {
    name: 'native',
    doc: 'A scalar function whose body is WGSL. Differentiable only inside an op that gives its gradient.',
    type: (inputs) => (inputs.length === 0 ? { dtype: 'f32', dims: [] } : floats(inputs)),
    wgsl: (args, { attrs }) => `${nativeName(attrs.code, attrs.params)}(${args.join(', ')})`,
    examples: [],
  },
}

/** Name of the WGSL function of a native op: the same for the same text. */
export function nativeName(code: string, params: readonly string[]): string {
  let hash = 0
  for (const letter of `${params.join()}|${code}`) hash = (Math.imul(hash, 31) + letter.codePointAt(0)!) >>> 0
  return `native_${hash.toString(36)}`
}

/** That function under a line that names its op; a kernel that calls it includes it once. */
export function nativeSource(op: string, code: string, params: readonly string[]): string {
  return `// the op ${op}\nfn ${nativeName(code, params)}(${params.map((p) => `${p}: f32`).join(', ')}) -> f32 {\n  ${code}\n}\n`
}
