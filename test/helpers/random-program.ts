// Random programs that follow the grammar, with comments and strings that are hard to carry: for properties of
// everything that prints a tree and reads it again.
import fc from 'fast-check'

type Text = fc.Arbitrary<string>

const row = (...parts: readonly (Text | string)[]): Text =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((texts) => texts.join(''))
const one = (...texts: readonly string[]): Text => fc.constantFrom(...texts)
const maybe = (part: Text): Text => fc.oneof(fc.constant(''), part)
const some = (part: Text, between: string, minLength: number): Text =>
  fc.array(part, { minLength, maxLength: 3 }).map((all) => all.join(between))

const name = one('x', 'width', 'a_long_name', "time'", 'null', 'yes', 'is')
const anyName = fc.oneof(name, one('if', 'mod', 'use', 'prompt', 'write', 'path', 'data', 'turns', 'given', 'sampler', 'metric'))
const marks = one(
  'a',
  ' ',
  ': ',
  ' #',
  '#',
  '- ',
  '\\\\',
  '\\"',
  '\\n',
  '\\t',
  '\\u{1F600}',
  'é',
  "'",
  '{',
  '}',
  '[',
  ',',
  '|',
  '(',
  ')',
  '&',
  '*',
  '%',
)
const string = row('"', some(marks, '', 0), '"')
const lines = fc.array(fc.oneof(one('', ' ', '  x', '# no comment', '(', 'a: b', '- c', 'é', '\\n'), marks), { maxLength: 4 })
const triple = lines.map((all) => `"""${all.join('\n').replaceAll('"', "'")}"""`)
const number = one('1', '2_048', '10e18 flops', '6M', '5%', '1e-3', '30min')
/** The blank between two items of a record or a body, or after a bracket: comments stand there. */
const gap = one('\n', '\n', '\n\n', ' # note\n', '\n# above\n', '\n\n# far\n\n# near\n', '\n## doc: of it\n', '\n#\n')
const loose = one('', '', '', '\n', ' # in\n')
const dims = row('[', some(name, ', ', 1), ']')
const type = fc.oneof(dims, name, row(name, dims))

const { expr, record } = fc.letrec<{ expr: string; record: string }>((tie) => {
  const inner = tie('expr')
  const leaf = fc.oneof(name, number, string, triple, one('true', 'wgsl "x"'), row('wgsl ', triple))
  const arg = fc.oneof(inner, row(name, ': ', inner))
  const primary = fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    row('(', inner, ')'),
    row('[', loose, some(row(inner, loose), ', ', 0), loose, ']'),
    row(name, '(', some(arg, ', ', 0), ')'),
    row(name, '[', some(fc.oneof(name, row(name, ': ', inner)), ', ', 1), ']'),
    row(name, '.', anyName),
    row(name, ' ', tie('record')),
    row(name, ' ', tie('record'), ' ', tie('record')),
  )
  const unary = fc.oneof(primary, row('-', primary))
  return {
    record: row(
      '{',
      gap,
      some(row(anyName, fc.oneof(row(': ', inner), row(': ', tie('record')), row(' ', tie('record'))), gap), '', 0),
      '}',
    ),
    expr: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      unary,
      row(unary, one(' + ', ' - ', ' * ', ' mod ', ' and ', ' == '), primary),
      row('if ', inner, '\nthen ', inner, '\nelse ', inner),
      row('not ', primary),
    ),
  }
})

const binding = row(name, maybe(row(': ', type)), ' = ', expr)
const statement = fc.oneof(
  binding,
  row('let ', binding),
  row('param ', name),
  row('weight ', some(name, ', ', 1), ': ', type, maybe(row(' ~ ', expr))),
  row('repeat ', fc.oneof(name, one('3')), ' {', gap, binding, gap, '}'),
  row('return ', expr),
)
const body = row('{', gap, some(row(statement, gap), '', 0), '}')
const formals = row('(', some(row(name, maybe(row(': ', type)), maybe(row(' = ', expr))), ', ', 0), ')')
const declaration = fc.oneof(
  row('use ', fc.oneof(name, one('"f.smdm"', '"a: b #.smdm"')), maybe(row(' as ', name))),
  row('let ', binding),
  row('param ', name, maybe(row(': ', type)), maybe(row(' = ', expr))),
  row(
    fc.oneof(name, one('train', 'sample', 'data', 'eval')),
    ' ',
    name,
    maybe(one('(6M)', '("k: #")')),
    ' ',
    fc.oneof(record, row('= ', expr), row('= ', name, ' ', record)),
  ),
  row('op ', name, maybe(dims), formals, maybe(row(' -> ', type)), ' ', fc.oneof(body, row('= ', expr))),
  row('op ', name, formals, ' = ', expr, gap, 'grad(', name, ') ', record),
  row('block ', name, maybe(dims), formals, ' -> ', type, ' ', body),
)

/** The text of a program; nearly all of them parse. */
export const randomProgram: Text = row(gap, some(row(declaration, gap), '', 1))
