// The sites of an op or block. Names inside are flat, as elaboration has them: arguments, lets, params, weights and what is
// assigned, then dimensions, then the file's names. A dimension without a declaration is one thing within its op or block.
import type { BlockDecl, Body, CallExpr, Expr, Ident, OpDecl, TypeExpr } from '../../grammar/ast.ts'
import { textOf } from '../../grammar/source.ts'
import { lookup, type Binding, type Names } from '../../compiler/check/names.ts'
import { argument, local, namedBy, type Named } from './named.ts'
import type { Place, Site } from './sites.ts'

/** The sites of a declaration, but for its own name. */
export function codeSites(decl: OpDecl | BlockDecl, names: Names): readonly Site[] {
  return new CodeWalk(decl, names).sites
}

class CodeWalk {
  readonly sites: Site[] = []
  readonly #names: Names
  readonly #decl: OpDecl | BlockDecl
  readonly #locals = new Map<string, Named>()
  readonly #dims = new Map<string, Named>()
  readonly #place: Place

  constructor(decl: OpDecl | BlockDecl, names: Names) {
    this.#names = names
    this.#decl = decl
    this.#place = { names, locals: this.#locals, dims: this.#dims }
    const body = decl.kind === 'block' ? decl.body : decl.value
    for (const formal of decl.formals) this.#locals.set(formal.name.name, argument(formal, decl))
    if (body.kind === 'body') this.#declare(body)
    for (const dim of decl.dims) this.#dims.set(dim.name, local('dimension', dim, { within: decl }))
    decl.dims.forEach((d) => this.#dimension(d))
    for (const formal of decl.formals) {
      this.#name(formal.name)
      this.#type(formal.type)
      if (formal.value) this.#expr(formal.value)
    }
    this.#type(decl.result)
    if (body.kind === 'body') this.#body(body)
    else this.#expr(body)
    if (decl.kind === 'op' && decl.grad) {
      const { name, record } = decl.grad
      this.#locals.set(name.name, local('argument', name, { within: decl }))
      this.#name(name)
      for (const field of record.fields) {
        this.#name(field.name)
        if (field.value) this.#expr(field.value)
      }
    }
  }

  #declare(body: Body): void {
    const within = this.#decl
    for (const s of body.statements) {
      if (s.kind === 'let' || s.kind === 'param') {
        this.#locals.set(s.name.name, local(s.kind, s.name, { within, whole: s.span, doc: s.doc, inherited: s.value === undefined }))
      } else if (s.kind === 'weight') {
        for (const name of s.names) this.#locals.set(name.name, local('weight', name, { within, whole: s.span, doc: s.doc }))
      } else if (s.kind === 'repeat') this.#declare(s.body)
      else if (s.kind === 'assign' && !this.#locals.has(s.name.name)) {
        this.#locals.set(s.name.name, local('variable', s.name, { within, whole: s.span, doc: s.doc }))
      }
    }
  }

  #body(body: Body): void {
    for (const s of body.statements) {
      switch (s.kind) {
        case 'let':
        case 'param':
        case 'assign':
          this.#name(s.name)
          this.#type(s.type)
          if (s.value) this.#expr(s.value)
          break
        case 'weight':
          s.names.forEach((n) => this.#name(n))
          this.#type(s.type)
          if (s.init) this.#expr(s.init)
          break
        case 'repeat':
          this.#expr(s.count)
          this.#body(s.body)
          break
        case 'return':
          this.#expr(s.value)
          break
        default:
          s satisfies never
      }
    }
  }

  #name(ident: Ident): void {
    const { name, span } = ident
    const binding = lookup(this.#names, name)
    const named = this.#locals.get(name) ?? this.#dims.get(name) ?? (binding && namedBy(binding))
    this.sites.push({ is: 'name', span, name, named, place: this.#place })
  }

  #type(type: TypeExpr | undefined): void {
    const { element, dims = [] } = type ?? {}
    if (element && element.name !== 'float' && element.name !== 'bool') this.#dimension(element)
    dims.forEach((d) => this.#dimension(d))
  }

  #dimension({ name: written, span }: Ident): void {
    const name = written.replace(/'+$/, '')
    const own = this.#locals.get(name)
    const global = lookup(this.#names, name)
    const size = own?.kind === 'let' || own?.kind === 'param' ? own : undefined
    const file = global?.kind === 'let' || global?.kind === 'param' ? namedBy(global) : undefined
    const bare = { ...span, end: span.end - (written.length - name.length) }
    const named = this.#dims.get(name) ?? size ?? file ?? local('dimension', { name, span: bare }, { within: this.#decl })
    this.#dims.set(name, named)
    this.sites.push({ is: 'dimension', span: bare, name, named, place: this.#place })
  }

  #expr(expr: Expr): void {
    switch (expr.kind) {
      case 'name':
        this.#name(expr)
        break
      case 'number':
        this.sites.push({ is: 'number', span: expr.span, expr, place: this.#place })
        break
      case 'string':
      case 'boolean':
      case 'wgsl':
        break
      case 'paren':
        this.#expr(expr.inner)
        break
      case 'list':
        expr.items.forEach((item) => this.#expr(item))
        break
      case 'record':
        expr.fields.forEach((f) => f.value && this.#expr(f.value))
        break
      case 'amend':
        this.#expr(expr.target)
        this.#expr(expr.record)
        break
      case 'unary':
        this.#expr(expr.value)
        break
      case 'binary':
        this.#expr(expr.left)
        this.#expr(expr.right)
        break
      case 'if':
        this.#expr(expr.test)
        this.#expr(expr.then)
        this.#expr(expr.else)
        break
      case 'index':
        this.#expr(expr.target)
        for (const { name, value } of expr.entries) {
          this.#dimension(name)
          if (value) this.#expr(value)
        }
        break
      case 'member': {
        this.#expr(expr.target)
        const used = this.#bindingOf(expr.target)
        if (used?.kind !== 'use') break
        const binding = used.names.own.get(expr.name.name)
        const named = binding && namedBy(binding)
        this.sites.push({ is: 'member', span: expr.name.span, name: expr.name.name, named, of: used.names, place: this.#place })
        break
      }
      case 'call':
        this.#call(expr)
        break
      default:
        expr satisfies never
    }
  }

  #call({ callee, args }: CallExpr): void {
    this.#expr(callee)
    const binding = this.#bindingOf(callee.kind === 'index' ? callee.target : callee)
    const code = binding?.kind === 'op' || binding?.kind === 'block' ? binding.decl : undefined
    for (const { name, value } of args) {
      const formal = name && code?.formals.find((f) => f.name.name === name.name)
      if (code && formal)
        this.sites.push({ is: 'name', span: name.span, name: name.name, named: argument(formal, code), place: this.#place })
      this.#expr(value)
    }
  }

  #bindingOf(expr: Expr): Binding | undefined {
    if (expr.kind === 'name') return this.#locals.has(expr.name) ? undefined : lookup(this.#names, expr.name)
    const used = expr.kind === 'member' && textOf(expr.target.span) !== '' ? this.#bindingOf(expr.target) : undefined
    return expr.kind === 'member' && used?.kind === 'use' ? used.names.own.get(expr.name.name) : undefined
  }
}
