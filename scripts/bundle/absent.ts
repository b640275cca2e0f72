// Stands in a bundle for packages that it does not carry.
export async function tsImport(): Promise<never> {
  throw new Error('a bundle runs no plugins')
}
export default undefined
