// What Mesa's compiler for NVIDIA's cards prints (NAK_DEBUG=print) → what a kernel costs in registers and instructions. Of every shader
// it prints the program after each pass; the last one, with the waiting times, and the figures behind it are read.

/** What a plan says of a kernel, written in front of what the compiler prints of it. */
export interface KernelMark {
  readonly label: string
  readonly flops: number
  /** Dispatches of it in all programs. */
  readonly times: number
}
export const mark = '@@@ '

export interface Assembly extends KernelMark {
  /** `Num GPRs`, `Max warps/SM`, `Instruction count`, …, by the compiler's names. */
  readonly figures: ReadonlyMap<string, number>
  /** Instructions of the loop that multiplies the most matrices, by name; undefined where none does. */
  readonly loop?: ReadonlyMap<string, number>
}

interface Block {
  readonly instructions: string[]
  readonly from: readonly number[]
  to: readonly number[]
}

/** Reads lines as they come; `take` gets one kernel after the other. */
export class NakReader {
  private readonly take: (assembly: Assembly) => void
  private told: KernelMark | undefined
  private section: 'none' | 'program' | 'figures' = 'none'
  private blocks = new Map<number, Block>()
  private current: Block | undefined
  private figures = new Map<string, number>()

  constructor(take: (assembly: Assembly) => void) {
    this.take = take
  }

  line(text: string): void {
    if (text.startsWith(mark)) {
      this.end()
      this.told = JSON.parse(text.slice(mark.length)) as KernelMark
    } else if (text.startsWith('NAK IR after calc_instr_deps')) {
      this.section = 'program'
      this.blocks = new Map()
    } else if (text.startsWith('Instruction count')) this.section = 'figures'
    if (this.section === 'program') this.program(text)
    if (this.section === 'figures') this.figure(text)
  }

  end(): void {
    if (this.told) this.take({ ...this.told, figures: this.figures, loop: heaviest(this.blocks) })
    this.told = undefined
    this.section = 'none'
    this.figures = new Map()
    this.blocks = new Map()
  }

  private program(text: string): void {
    const head = /^block(?:\.u)? (\d+) L\d+ \[(.*?)\] -> \{/.exec(text)
    const tail = /^\} -> \[(.*)\]/.exec(text)
    if (head) {
      this.current = { instructions: [], from: numbers(head[2]!), to: [] }
      this.blocks.set(Number(head[1]), this.current)
    } else if (tail && this.current) {
      this.current.to = numbers(tail[1]!)
      this.current = undefined
    } else this.current?.instructions.push(nameOf(text))
  }

  private figure(text: string): void {
    const found = /^(.+): (\d+)$/.exec(text)
    if (found) this.figures.set(found[1]!, Number(found[2]))
    else this.section = 'none'
  }
}

function numbers(text: string): readonly number[] {
  return text.split(',').flatMap((one) => (one.trim() === '' ? [] : [Number(one)]))
}

/** `r0..4 = hmma.m16n8k16.f32 r92..96 …` → `hmma`; loads and stores keep their memory, `ld.shared`. */
function nameOf(line: string): string {
  const bare = line.replace(/\/\/.*/, '').replace(/^\s*@\S+/, '').trim() // prettier-ignore
  const operation = (bare.includes(' = ') ? bare.slice(bare.indexOf(' = ') + 3) : bare).trim().split(' ')[0]!
  return operation
    .split('.')
    .slice(0, /^(ld|st)\b/.test(operation) ? 2 : 1)
    .join('.')
}

/** Of the loops with most matrix products, the smallest: an edge back to a block that comes first closes one. */
function heaviest(blocks: ReadonlyMap<number, Block>): ReadonlyMap<string, number> | undefined {
  const loops = [...blocks].flatMap(([last, { to }]) => to.filter((first) => first <= last).map((first) => counted(blocks, first, last)))
  const products = (loop: ReadonlyMap<string, number>) => loop.get('hmma') ?? 0
  const best = loops.toSorted((a, b) => products(b) - products(a) || sum(a) - sum(b))[0]
  return best && products(best) > 0 ? best : undefined
}

export function sum(loop: ReadonlyMap<string, number>): number {
  return [...loop.values()].reduce((a, b) => a + b, 0)
}

/** Instructions of the blocks from which the loop's last one is reached without passing its first. */
function counted(blocks: ReadonlyMap<number, Block>, first: number, last: number): ReadonlyMap<string, number> {
  const body = new Set([first])
  const open = [last]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (body.has(at)) continue
    body.add(at)
    open.push(...blocks.get(at)!.from)
  }
  const counts = new Map<string, number>()
  for (const at of body) for (const name of blocks.get(at)!.instructions) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
