/** The tree as the house tests see it: its files, and their syntax where text is not enough. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'vitest/node'
import { projectRoot } from '../../src/config/project-root.js'

export interface SourceFile {
  /** From the root of the checkout, with slashes: `src/runs/run.ts`. */
  readonly path: string
  readonly text: string
}

/** What is wrong and where; empty when nothing is. */
export type Findings = readonly string[]

export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/** All files of the given kinds below folders, or files themselves; one missing has none. */
export function filesIn(names: readonly string[], kinds: RegExp): readonly SourceFile[] {
  return names
    .flatMap((name) => pathsUnder(name))
    .filter((path) => kinds.test(path))
    .map((path) => ({ path, text: readFileSync(join(projectRoot(), path), 'utf8') }))
}

export function codeIn(...folders: readonly string[]): readonly SourceFile[] {
  return filesIn(folders, /\.(ts|mjs)$/)
}

function pathsUnder(path: string): readonly string[] {
  const whole = join(projectRoot(), path)
  if (!existsSync(whole)) return []
  if (!statSync(whole).isDirectory()) return [path]
  return readdirSync(whole)
    .toSorted()
    .flatMap((name) => pathsUnder(`${path}/${name}`))
}

const parsed = new WeakMap<SourceFile, SyntaxNode>()

export function syntaxOf(file: SourceFile): SyntaxNode {
  const known = parsed.get(file)
  if (known !== undefined) return known
  const tree = parseAst(file.text, { lang: 'ts' }) as unknown as SyntaxNode
  parsed.set(file, tree)
  return tree
}

/** Every node with those around it, outermost first. */
export function* nodesOf(
  node: SyntaxNode,
  around: readonly SyntaxNode[] = [],
): Generator<{ readonly node: SyntaxNode; readonly around: readonly SyntaxNode[] }> {
  yield { node, around }
  const inner = [...around, node]
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) yield* nodesOf(child, inner)
    }
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** `name` of an identifier, `object.property` of a member, empty for anything else. */
export function nameOf(node: unknown): string {
  if (!isNode(node)) return ''
  if (node.type === 'Identifier') return String(node['name'])
  if (node.type !== 'MemberExpression' || node['computed'] === true) return ''
  return `${nameOf(node['object'])}.${nameOf(node['property'])}`
}

/** The text of a literal or a template, with a mark in place of what is filled in. */
export function literalText(node: SyntaxNode): string | undefined {
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value']
  if (node.type !== 'TemplateLiteral') return undefined
  const parts = node['quasis'] as readonly { readonly value: { readonly raw: string } }[]
  return parts.map((it) => it.value.raw).join('$')
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

export function at(file: SourceFile, node: SyntaxNode): string {
  return `${file.path}:${lineOf(file.text, node.start)}`
}

/** A sample for the tests of the checks themselves. */
export function sample(path: string, text: string): SourceFile {
  return { path, text }
}
