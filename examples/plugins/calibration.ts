// A kind of stage of one's own: does a model know how sure it is? Some tokens of each sequence are hidden; where the model gives its
// guess 70 %, it should be right in 70 of 100 cases. The expected calibration error is the mean distance from that (Guo et al., 2017).
import type { DataPart, Host, Metric, Plugin, Progress, TrainedModel, Values } from 'smdmc/plugin'

export const plugin: Plugin = {
  kinds: {
    calibration: {
      doc: 'How far the confidence of a model is from its accuracy.',
      fields: {
        from: { type: { is: 'stage', kinds: ['train'] }, doc: 'The training whose model is measured.', required: true },
        data: { type: { is: 'record', kind: 'data' }, doc: 'What it is measured on.', required: true },
        hide: { type: { is: 'quantity', units: ['fraction'], min: 0, max: 1 }, doc: 'Share of tokens that are hidden.', default: '15%' },
        bins: { type: { is: 'quantity', units: ['none'], min: 2, whole: true }, doc: 'Classes of confidence.', default: '10' },
        limit: { type: { is: 'quantity', units: ['sequences'], min: 1, whole: true }, doc: 'At most so many.', default: '64 sequences' },
        seed: { type: { is: 'quantity', units: ['none'], min: 0, whole: true }, doc: 'Which tokens are hidden.', default: '0' },
      },
      check: ({ hide }) =>
        hide === 0 ? [{ field: 'hide', message: 'nothing is hidden, so there is nothing to guess', notes: ['write `hide: 15%`'] }] : [],
      // Both results are computed on the device; only they cross to the host, never the logits.
      lower: (network) => {
        network.program('guess', (logits, { graph, apply }) => ({
          token: graph.reduce('argmax', logits, ['vocab']),
          confidence: apply('peak', [apply('softmax', [logits], { d: 'vocab' })]),
        }))
      },
      run: calibration,
    },
  },
}

interface Bin {
  count: number
  right: number
  confidence: number
}

async function* calibration(values: Values, host: Host): AsyncGenerator<Progress, readonly Metric[]> {
  const { context, mask } = values['from'] as TrainedModel
  const hide = values['hide'] as number
  const tokens = await host.tokens(values['data'] as DataPart)
  const total = Math.min(values['limit'] as number, Math.floor(tokens.length / context))
  const bins = Array.from({ length: values['bins'] as number }, (): Bin => ({ count: 0, right: 0, confidence: 0 }))
  for (let first = 0; first < total; first += host.batch) {
    const many = Math.min(host.batch, total - first)
    const at = (i: number): number => tokens[first * context + i]!
    const hidden = Array.from({ length: many * context }, (_, i) => host.random(first * context + i) < hide)
    const input = Int32Array.from({ length: host.batch * context }, (_, i) => (i >= hidden.length || hidden[i] ? mask : at(i)))
    const { token, confidence } = await host.run('guess', input)
    hidden.forEach((is, i) => {
      if (is) note(bins, confidence![i]!, token![i] === at(i))
    })
    yield { done: first + many, total }
  }
  return metricsOf(bins)
}

function note(bins: readonly Bin[], confidence: number, right: boolean): void {
  const bin = bins[Math.min(bins.length - 1, Math.floor(confidence * bins.length))]!
  bin.count++
  bin.right += Number(right)
  bin.confidence += confidence
}

function metricsOf(bins: readonly Bin[]): readonly Metric[] {
  const count = bins.reduce((n, b) => n + b.count, 0)
  const accuracy = bins.reduce((n, b) => n + b.right, 0) / count
  const apart = bins.reduce((n, b) => n + Math.abs(b.confidence - b.right), 0) / count
  const notes = bins
    .filter((b) => b.count > 0)
    .map((b) => `says ${percent(b.confidence / b.count)}, right in ${percent(b.right / b.count)} of ${b.count}`)
  return [
    { name: 'accuracy', value: accuracy, error: Math.sqrt((accuracy * (1 - accuracy)) / count), unit: 'of hidden tokens', notes: [] },
    { name: 'calibration error', value: apart, error: null, unit: 'of probability', notes },
  ]
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
