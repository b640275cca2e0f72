// The words the language itself knows: reserved words, suffixes and units of numbers. All other words
// belong to the libraries and to the schema of kinds.

export const reserved = [
  ...(['use', 'as', 'let', 'param', 'op', 'block', 'weight', 'repeat', 'return', 'grad'] as const),
  ...(['wgsl', 'if', 'then', 'else', 'and', 'or', 'not', 'mod', 'true', 'false'] as const),
] as const

export type Reserved = (typeof reserved)[number]

/** Suffixes of time. */
export const times: readonly string[] = ['ms', 's', 'min', 'h', 'd']

/** Written without a blank: percent, powers of ten, time, bytes. */
export const suffixes: readonly string[] = [...['%', 'k', 'M', 'B', 'T'], ...times, ...['KiB', 'MiB', 'GiB', 'TiB', 'KB', 'MB', 'GB', 'TB']]

/** Written after one blank. */
export const units: readonly string[] = ['tokens', 'steps', 'flops', 'sequences', 'epochs', 'params']

/** `tokens` for `token` and `tokens`; undefined for a word that is no unit. */
export function unitOf(word: string): string | undefined {
  return units.find((unit) => unit === word || unit === word + 's')
}
