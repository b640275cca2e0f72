// What the main thread and the worker that owns ONNX Runtime say to each other. The worker answers requests in order, one each.
import type { OnnxPlan } from '../../compiler/plan/plan.ts'
import type { Data, Tensors } from '../backend.ts'
import type { FailureFacts } from '../events.ts'

export type Request =
  /** Finds ONNX Runtime, fetching it if need be. */
  | { readonly kind: 'open' }
  | { readonly kind: 'load'; readonly plan: number; readonly content: OnnxPlan; readonly threads: number }
  | { readonly kind: 'write'; readonly plan: number; readonly state: string; readonly data: Data }
  | { readonly kind: 'read'; readonly plan: number; readonly state: string }
  | {
      readonly kind: 'run'
      readonly plan: number
      readonly program: string
      readonly inputs: Tensors
      readonly extents: Readonly<Record<string, number>>
    }
  | { readonly kind: 'unload'; readonly plan: number }
  /** Releases everything; the worker then ends by itself. */
  | { readonly kind: 'close' }

export type Reply =
  /** The value of `read` and `run`. */
  | { readonly kind: 'done'; readonly value: Data | Tensors | undefined }
  /** The world's fault. */
  | { readonly kind: 'failure'; readonly facts: FailureFacts }
  /** Ours. */
  | { readonly kind: 'error'; readonly message: string; readonly stack?: string }
  /** Not an answer: something slow goes on. */
  | { readonly kind: 'note'; readonly text: string }
