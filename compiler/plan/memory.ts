// Lifetimes of tensors → buffers that several may use, one after the other, within a program and across programs.
// Afterwards no two tensors that live at the same time share a buffer. Equal demands give equal buffers.

/** One tensor of one program. It lives from step `from` to step `to`, both included. */
export interface Demand {
  readonly bytes: number
  readonly from: number
  readonly to: number
  readonly label: string
}

/** A buffer to be made, named after its largest tenant. */
export interface Slot {
  readonly bytes: number
  readonly label: string
}

export interface Assignment {
  readonly slots: readonly Slot[]
  /** Per program, per demand: its slot. */
  readonly slotOf: readonly (readonly number[])[]
}

interface Tenancy {
  readonly from: number
  readonly to: number
}

/** Programs never run at the same time. Large demands choose first; each takes the smallest slot that is free and large enough. */
export function share(programs: readonly (readonly Demand[])[]): Assignment {
  const slots: Slot[] = []
  const slotOf = programs.map((demands) => demands.map(() => -1))
  const total = (demands: readonly Demand[]) => demands.reduce((sum, d) => sum + d.bytes, 0)
  const order = [...programs.keys()].sort((a, b) => total(programs[b]!) - total(programs[a]!) || a - b)
  for (const program of order) {
    const demands = programs[program]!
    const tenancies = slots.map((): Tenancy[] => [])
    const largestFirst = [...demands.keys()].sort((a, b) => demands[b]!.bytes - demands[a]!.bytes || a - b)
    for (const at of largestFirst) {
      const demand = demands[at]!
      const free = [...slots.keys()].filter((slot) => tenancies[slot]!.every((t) => t.to < demand.from || demand.to < t.from))
      const slot = choose(slots, free, demand)
      if (slot === undefined) {
        slots.push({ bytes: demand.bytes, label: demand.label })
        tenancies.push([])
      } else if (slots[slot]!.bytes < demand.bytes) slots[slot] = { bytes: demand.bytes, label: demand.label }
      const taken = slot ?? slots.length - 1
      tenancies[taken]!.push(demand)
      slotOf[program]![at] = taken
    }
  }
  return { slots, slotOf }
}

/** The smallest free slot that is large enough, else the largest free one, which will grow. */
function choose(slots: readonly Slot[], free: readonly number[], { bytes }: Demand): number | undefined {
  const enough = free.filter((slot) => slots[slot]!.bytes >= bytes)
  const by = (better: (a: number, b: number) => boolean) => (best: number | undefined, slot: number) =>
    best === undefined || better(slots[slot]!.bytes, slots[best]!.bytes) ? slot : best
  return enough.length > 0
    ? enough.reduce<number | undefined>(by((a, b) => a < b), undefined) // prettier-ignore
    : free.reduce<number | undefined>(
        by((a, b) => a > b),
        undefined,
      )
}
