// WGSL → what Dawn says of it before any driver sees it: its parser, its type checker, its analysis of uniformity. The null backend
// knows every extension and matrices of every size, so code for devices that are not here can be checked on any machine. What a
// driver makes of it Dawn cannot tell, nor whether a device has matrices of a size.
import { create } from 'webgpu'

/** What kernels may enable. */
const extensions = ['shader-f16', 'subgroups', 'subgroup-size-control', 'chromium-experimental-subgroup-matrix']

/** What is wrong with a module, and where: `offset` counts UTF-16 units from its start, `line` and `column` from 1. */
export interface Complaint {
  readonly type: GPUCompilationMessageType
  readonly message: string
  readonly offset: number
  readonly length: number
  readonly line: number
  readonly column: number
}

/** Dawn's instance: as long as it is referred to, its devices live. */
const shared: { gpu?: GPU } = {}

/**
 * A device without a driver that has these of the features in `extensions`; a module that enables another is refused, as on a real one.
 * The function gives what is to be said of a module. None: there is nothing to say against it.
 */
export async function frontEnd(features: readonly string[] = extensions): Promise<(wgsl: string) => Promise<readonly Complaint[]>> {
  const gpu = (shared.gpu ??= create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']))
  const adapter = await gpu.requestAdapter()
  if (!adapter) throw new Error('Dawn was built without its null backend')
  const requiredFeatures = extensions.filter((name) => features.includes(name)) as GPUFeatureName[]
  const device = await adapter.requestDevice({ requiredFeatures })
  return async (wgsl) => {
    // The same errors once more, which would go to stderr.
    device.pushErrorScope('validation')
    const { messages } = await device.createShaderModule({ code: wgsl }).getCompilationInfo()
    await device.popErrorScope()
    return messages.map(({ type, message, offset, length, lineNum, linePos }) => ({ type, message, offset, length, line: lineNum, column: linePos })) // prettier-ignore
  }
}
