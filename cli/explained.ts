// What `smdmc explain --at` prints: where values come from, or a stage of compilation.

export const COMPILATION = ['graph', 'gradient', 'kernels', 'plan', 'wgsl'] as const
export type Compilation = (typeof COMPILATION)[number]

export const EXPLAINED = ['values', ...COMPILATION] as const
