// A workgroup's lanes in their subgroups: each runs until it waits, and what they wait for is done when all are there.
import type { Lane, Program } from './emit.ts'
import { isOfSubgroup, serve, type Request, type SubgroupRequest, type WorkgroupRequest } from './request.ts'
import type { Watch } from './watch.ts'

/** What watches the memory that lanes write, by what a barrier orders. */
export interface Watches {
  readonly storage: Watch[]
  readonly workgroup: readonly Watch[]
}

class Running {
  readonly lane: Lane
  readonly #run: Generator<Request, void, unknown>
  /** undefined when it has ended. */
  waits: Request | undefined

  constructor(program: Program, lane: Lane) {
    this.lane = lane
    this.#run = program(lane)
  }

  go(given: unknown): void {
    const { value } = this.#run.next(given)
    this.waits = value as Request | undefined
  }
}

/** An operation of a subgroup is no lane's: what else touches the same memory before a barrier meets it. */
let operations = -2

/** Runs lanes to their end. Fails where lanes that should go together part. */
export function runWorkgroup(program: Program, lanes: readonly Lane[], subgroup: number, watches: Watches): void {
  const running = lanes.map((lane) => new Running(program, lane))
  const groups = Array.from({ length: Math.ceil(lanes.length / subgroup) }, (_, i) => running.slice(i * subgroup, (i + 1) * subgroup))
  let given: unknown
  for (;;) {
    for (const group of groups) {
      for (const one of group) one.go(given)
      while (isOfSubgroup(together(group))) {
        const requests = group.map(({ waits }) => waits as SubgroupRequest)
        const results = serve(requests, { kernel: lanes[0]!.kernel, agent: operations-- })
        group.forEach((one, i) => one.go(results[i]))
      }
    }
    const request = together(running) as WorkgroupRequest | undefined
    if (!request) return
    given = meet(request, lanes[0]!, watches)
  }
}

/** What all lanes wait for at the same line; undefined if all have ended. */
function together(all: readonly Running[]): Request | undefined {
  const [{ waits: first, lane }] = all as readonly [Running]
  for (const { waits } of all) {
    if (waits?.kind === first?.kind && waits?.line === first?.line) continue
    const said = [first, waits].map((one) => (one ? `${one.kind} in line ${one.line}` : 'the end'))
    throw new Error(`${lane.kernel}: lanes part, at ${said.join(' and at ')}`)
  }
  return first
}

/** What every lane is given where all meet. */
function meet(request: WorkgroupRequest, lane: Lane, watches: Watches): unknown {
  const order = (of: keyof Watches) => watches[of].forEach((watch) => watch.barrier())
  if (request.kind === 'barrier') return order(request.of)
  order('workgroup')
  const value = request.memory.load(lane, request.of, request.at, request.line)
  order('workgroup')
  return value
}
