// Which form a page is written in: its name tells.

/** Whether a file of this name is in the second form, YAML or JSON. */
export function isYaml(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name)
}
