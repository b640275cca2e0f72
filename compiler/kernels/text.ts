// Small pieces of text that the writers of WGSL share.

/** The components of a vec4. */
export const components = ['x', 'y', 'z', 'w'] as const

/** A WGSL function of `head`: its name, parameters and result. */
export function functionText(head: string, lines: readonly string[]): string {
  return [`fn ${head} {`, ...indented(lines), '}'].join('\n')
}

export function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}

/** A statement that is carried out where all of the conditions hold. */
export function when(conditions: readonly string[], statement: string): string {
  return conditions.length === 0 ? statement : `if (${conditions.join(' && ')}) { ${statement} }`
}

/** Lines that are carried out where all of the conditions hold. */
export function block(conditions: readonly string[], lines: readonly string[]): readonly string[] {
  return conditions.length === 0 ? lines : [`if (${conditions.join(' && ')}) {`, ...indented(lines), '}']
}

/** 0 … n - 1. */
export function range(n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => i)
}
