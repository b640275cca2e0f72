// A pointwise kernel → WGSL: one thread per position of the loop.
import type { PointwiseKernel } from './kernel.ts'
import { measure } from './measure.ts'
import { Module, type Context } from './module.ts'
import { Shader } from './shader.ts'
import { flatGroup, foldedGroups, sizeOf, sizeText } from './size.ts'
import { workgroup } from './tile.ts'
import type { WrittenKernel } from './written.ts'

export function writePointwise(kernel: PointwiseKernel, context: Context): WrittenKernel {
  const shader = new Shader(kernel, new Module([kernel], context))
  const total = sizeOf(kernel.dims, context.live)
  const scope = shader.scope([{ dims: kernel.dims, variable: 'i' }])
  for (const store of kernel.stores) shader.store(scope, store)
  const lines = [`let i = (${flatGroup}) * ${workgroup}u + lane;`, `if (i >= ${sizeText(total, context.live)}) { return; }`, ...scope.lines]
  return {
    label: kernel.label,
    ...shader.module.text(workgroup, [], lines),
    ...measure([kernel], context),
    groups: foldedGroups(total, workgroup, context.live, context.facts.limits.maxComputeWorkgroupsPerDimension),
  }
}
