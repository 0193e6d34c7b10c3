/** What each file of src imports: forbidden imports, cycles, and files that nothing reaches. */
import { posix } from 'node:path'
import { EVERY_FOLDER, FOLDERS, isNamedBy, ONLY_IN, TOP_FILES } from './import-table.js'
import type { FolderRule } from './import-table.js'
import { at, isNode, literalText, nameOf, nodesOf, syntaxOf } from './source-files.js'
import type { Findings, SourceFile, SyntaxNode } from './source-files.js'

export interface Import {
  readonly from: SourceFile
  readonly node: SyntaxNode
  /** As written: `./run.js`, `node:fs`, `kysely`. */
  readonly name: string
  readonly typesOnly: boolean
}

export function importsOf(file: SourceFile): readonly Import[] {
  const found: Import[] = []
  for (const { node } of nodesOf(syntaxOf(file))) {
    const source = sourceOf(node)
    const name = source === undefined ? undefined : literalText(source)
    if (name === undefined) continue
    const typesOnly = node['importKind'] === 'type' || node['exportKind'] === 'type'
    found.push({ from: file, node, name, typesOnly: typesOnly || node.type === 'TSImportType' })
  }
  return found
}

function sourceOf(node: SyntaxNode): SyntaxNode | undefined {
  if (/^(Import|Export(All|Named))Declaration$|^(ImportExpression|TSImportType)$/.test(node.type)) {
    return isNode(node['source']) ? node['source'] : undefined
  }
  if (!/^require(\.resolve)?$/.test(nameOf(node['callee']))) return undefined
  return (node['arguments'] as readonly SyntaxNode[])[0]
}

/** The file that an import names, or undefined where it names a package. */
export function targetOf({ from, name }: Import): string | undefined {
  if (!name.startsWith('.')) return undefined
  return posix.join(posix.dirname(from.path), name).replace(/\.js$/, '.ts')
}

/** Against the table of folders; `files` are those of src. */
export function forbiddenImports(files: readonly SourceFile[]): Findings {
  return files.flatMap((file) => importsOf(file).flatMap((it) => problemOf(it) ?? []))
}

function problemOf(it: Import): string | undefined {
  const place = it.from.path
  const folder = place.split('/')[1] ?? ''
  const target = targetOf(it)
  const rule = FOLDERS[folder]
  if (rule === undefined) {
    if (TOP_FILES.includes(place) && target === undefined) return undefined
    return `${at(it.from, it.node)} has no line in the import table`
  }
  const allowed = target === undefined ? mayUse(rule, it.name) : mayImport(rule, folder, target, it)
  const reserved = ONLY_IN.find((only) => isNamedBy(only.packages, it.name))
  if (allowed && (reserved === undefined || reserved.files.test(place))) return undefined
  return `${at(it.from, it.node)} imports ${it.name}`
}

function mayUse(rule: FolderRule, name: string): boolean {
  if (name.startsWith('node:')) return rule.node
  return isNamedBy(rule.npm, name)
}

function mayImport(rule: FolderRule, folder: string, target: string, it: Import): boolean {
  const other = target.split('/')[1] ?? ''
  if (!target.startsWith('src/')) return false
  if (other === folder || rule.src.includes(other) || rule.src.includes('*')) return true
  if (rule.alone !== undefined) return rule.alone.includes(target)
  if ((rule.also ?? []).some((also) => also.file === target)) return true
  const open = EVERY_FOLDER.find(({ path }) => target.startsWith(path))
  return open !== undefined && (!open.typesOnly || it.typesOnly)
}

/** Each circle of files once; types count, because a reader walks them too. */
export function importCycles(files: readonly SourceFile[]): Findings {
  const graph = graphOf(files)
  const found = new Map<string, string>()
  for (const start of graph.keys()) {
    const circle = shortestWayBack(graph, start)
    if (circle === undefined) continue
    const key = circle.toSorted().join(' ')
    if (!found.has(key)) found.set(key, [...circle, start].join(' → '))
  }
  return [...found.values()]
}

function shortestWayBack(graph: Graph, start: string): readonly string[] | undefined {
  const cameFrom = new Map<string, string>()
  const open = [start]
  for (let current = open.shift(); current !== undefined; current = open.shift()) {
    for (const next of graph.get(current) ?? []) {
      if (next === start) return wayTo(current, start, cameFrom)
      if (cameFrom.has(next)) continue
      cameFrom.set(next, current)
      open.push(next)
    }
  }
  return undefined
}

function wayTo(end: string, start: string, cameFrom: Map<string, string>): readonly string[] {
  const way = [end]
  while (way[0] !== start) way.unshift(cameFrom.get(way[0] ?? start) ?? start)
  return way
}

/** Files that cannot be reached from where a process, or a reader of the scripts, begins. */
export function deadFiles(files: readonly SourceFile[], entries: readonly string[]): Findings {
  const graph = graphOf(files)
  const reached = new Set(entries)
  for (const path of reached) {
    for (const next of graph.get(path) ?? []) reached.add(next)
  }
  return files.map((it) => it.path).filter((path) => !reached.has(path))
}

type Graph = ReadonlyMap<string, readonly string[]>

function graphOf(files: readonly SourceFile[]): Graph {
  const targets = (file: SourceFile) => importsOf(file).flatMap((it) => targetOf(it) ?? [])
  return new Map(files.map((file) => [file.path, targets(file)]))
}
