// Random programs that follow the grammar, every construct of it, with comments and strings that are hard to carry: for
// properties of everything that prints a tree and reads it again.
import fc from 'fast-check'
import { lexer } from '../../grammar/tokens.ts'

type Text = fc.Arbitrary<string>

const row = (...parts: readonly (Text | string)[]): Text =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((texts) => texts.join(''))
const one = (...texts: readonly string[]): Text => fc.constantFrom(...texts)
const words = (texts: string): Text => fc.constantFrom(...texts.split(' '))
const maybe = (...parts: readonly (Text | string)[]): Text => fc.oneof(fc.constant(''), row(...parts))
const some = (part: Text, between: string, minLength: number, maxLength = 3): Text =>
  fc.array(part, { minLength, maxLength }).map((all) => all.join(between))

const name = words("x width a_long_name time' k'' null yes is constructor")
const anyName = fc.oneof(name, words('if mod use not true grad prompt write path data turns given sampler metric over run'))
const marks = one(
  'a',
  ' ',
  ...': #/#/- /{/}/{12 tokens}/{{/{column}/[/,/|/(/)/&/*/%'.split('/'),
  ...'\\\\ \\" \\n \\t \\u{1F600} é \''.split(' '),
)
const string = row('"', some(marks, '', 0), '"')
const lines = fc.array(fc.oneof(one('', ' ', '  x', '# no comment', '(', 'a: b', '- c', 'é', '\\n', '\t'), marks), { maxLength: 4 })
const triple = lines.map((all) => `"""${all.join('\n').replaceAll('"', "'")}"""`)
const number = one(...'1|0|2_048|0.25|1e-3|6M|5%|30min|12GiB|1.5k|10e18 flops|1 step|3 epochs|7 sequences'.split('|'))
/** The blank between two items of a record or a body, or after a bracket: comments stand there. */
const gap = one('\n', '\n', '\n\n', ' # note\n', '\n# above\n', '\n\n# far\n\n# near\n', '\n## doc: of it\n', '\n#\n')
const loose = one('', '', '', '\n', ' # in\n')
const dims = row('[', some(name, ', ', 1), ']')
const type = fc.oneof(row('[', some(name, ', ', 0), ']'), name, row(name, dims))
const binary = one(...'+ - * / ^ mod and or == != < <= > >='.split(' ').map((op) => ` ${op} `), '^', '-', '\n+ ')

const { expr, record } = fc.letrec<{ expr: string; record: string }>((tie) => {
  const inner = tie('expr')
  const args = row('(', some(fc.oneof(inner, row(name, ': ', inner)), ', ', 0), ')')
  const indices = row('[', some(fc.oneof(name, row(name, ': ', inner)), ', ', 1), ']')
  const suffix = fc.oneof(args, indices, row('.', anyName), row(' ', tie('record')))
  const leaf = fc.oneof(name, number, string, triple, words('true false'), one('wgsl "x"'), row('wgsl ', triple))
  const primary = fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    row('(', inner, ')'),
    row('[', loose, some(row(fc.oneof(inner, tie('record')), loose), ', ', 0), loose, ']'),
    row(name, suffix),
    row(name, suffix),
    row(name, suffix, suffix),
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
      // Without parentheses a comparison stands alone, and `not` before what it denies.
      row(unary, binary, primary),
      row(unary, some(row(one(' + ', ' - ', ' * ', ' / ', ' mod '), fc.oneof(name, number, row('-', name))), '', 2, 12)),
      row('if ', inner, '\nthen ', inner, '\nelse ', inner),
      row(one('not ', 'not not ', '-'), primary),
    ),
  }
})

const binding = row(name, maybe(': ', type), ' = ', expr)
const { body } = fc.letrec<{ body: string }>((tie) => ({
  body: fc.oneof(
    { depthSize: 'small' },
    row('{', gap, row('return ', expr, gap), '}'),
    row(
      '{',
      gap,
      some(
        row(
          fc.oneof(
            binding,
            row('let ', binding),
            row('param ', name, maybe(': ', type), maybe(' = ', expr)),
            row('weight ', some(name, ', ', 1), ': ', type, maybe(' ~ ', expr)),
            row('repeat ', fc.oneof(name, one('3'), row('(', expr, ')')), ' ', tie('body')),
            row('return ', expr),
          ),
          gap,
        ),
        '',
        0,
      ),
      '}',
    ),
  ),
}))
const formals = row('(', some(row(name, maybe(': ', type), maybe(' = ', expr)), ', ', 0), ')')
const kind = fc.oneof(name, words('train sample data eval model tokenizer sweep table'))
const grad = row(gap, 'grad(', name, ') ', record)
const declaration = fc.oneof(
  row('use ', fc.oneof(name, one('"f.smdm"', '"a: b #.smdm"')), maybe(' as ', name)),
  row('let ', binding),
  row('param ', name, maybe(': ', type), maybe(' = ', expr)),
  row(kind, ' ', name, maybe(one('(6M)', '("k: #")', '(1)')), ' ', fc.oneof(record, row('= ', expr), row('= ', record))),
  row(kind, ' ', name, ' = ', name, ' ', record),
  row('op ', name, maybe(dims), formals, maybe(' -> ', type), ' ', fc.oneof(body, row('= ', expr)), maybe(grad)),
  row('block ', name, maybe(dims), formals, ' -> ', type, ' ', body),
)

/** The text of a program; nearly all of them parse. */
export const randomProgram: Text = row(gap, some(row(declaration, gap), '', 1))

/** A program in another layout: its tokens with other blanks between them, comments in the middle of anything. */
export const relaidProgram: Text = fc
  .tuple(randomProgram, fc.infiniteStream(one(' ', ' ', ' ', '\n', '\n\n\n', ' # note\n', '\n## doc\n')))
  .map(([text, blanks]) => {
    const images = lexer.tokenize(text).tokens.map(({ image }) => image)
    const laid = images.map((image, i) => {
      const blank = String(blanks.next().value)
      // After a number a word on the same line would be its unit.
      return image + (/^\d/.test(image) && /^[a-z]/.test(images[i + 1] ?? '') && blank === ' ' ? '\n' : blank)
    })
    return laid.join('')
  })
