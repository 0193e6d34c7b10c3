/** What the syntax of a file shows: sizes, SQL and clocks out of place, forms not used here. */
import { at, isNode, lineOf, literalText, nameOf, nodesOf, syntaxOf } from './source-files.js'
import type { Findings, SourceFile, SyntaxNode } from './source-files.js'

const FILE_LINES = 400
const FUNCTION_LINES = 70
const WIDTH = 100

export function longFiles(files: readonly SourceFile[]): Findings {
  return files.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, '').split('\n').length
    return lines > FILE_LINES ? [`${path} has ${lines} lines`] : []
  })
}

export function wideLines(files: readonly SourceFile[]): Findings {
  return files.flatMap(({ path, text }) => {
    return text.split('\n').flatMap((line, index) => {
      const width = Array.from(line).length
      return width > WIDTH ? [`${path}:${index + 1} is ${width} wide`] : []
    })
  })
}

/** Functions, methods and arrow functions, each from its first to its last line. */
export function longFunctions(files: readonly SourceFile[]): Findings {
  return files.flatMap((file) => {
    return [...nodesOf(syntaxOf(file))].flatMap(({ node, around }) => {
      if (!isFunction(node) || groupsTests(node, around)) return []
      const lines = lineOf(file.text, node.end) - lineOf(file.text, node.start) + 1
      return lines > FUNCTION_LINES ? [`${at(file, node)} is a function of ${lines} lines`] : []
    })
  })
}

function isFunction(node: SyntaxNode): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)
}

/** What is handed to `describe`, or is a suite of such groups, is a list of tests. */
function groupsTests(node: SyntaxNode, around: readonly SyntaxNode[]): boolean {
  const caller = around.at(-1)
  if (caller !== undefined && isDescribe(caller)) return true
  return [...nodesOf(node)].some((it) => isDescribe(it.node))
}

/** `describe(…)`, and `describe.each(…)(…)` with it. */
function isDescribe(node: SyntaxNode): boolean {
  const callee = node['callee']
  if (node.type !== 'CallExpression' || !isNode(callee)) return false
  return isDescribe(callee) || /^describe(\.|$)/.test(nameOf(callee))
}

// Two words of SQL that belong together: a sentence may well begin with one of them.
const STATEMENT = new RegExp(
  [
    'select\\b[\\s\\S]*\\bfrom',
    'select\\s+[\\w$.]+\\s*(::|\\()',
    'insert\\s+into',
    'delete\\s+from',
    'merge\\s+into',
    'truncate\\s+(table\\s+)?[\\w$.]+',
    'update\\s+[\\w$."]+(\\s+\\w+)?\\s+set',
    'with\\s+(recursive\\s+)?\\w+(\\s*\\([^)]*\\))?\\s+as',
    'copy\\s+[\\w$.(][\\s\\S]*\\b(from|to)\\s+std',
    '(create|alter|drop)\\s+((unlogged|temp\\w*)\\s+)?(table|index|database|schema|type|role|view)',
    'set\\s+(local|session|transaction)\\s',
    'lock\\s+table',
  ]
    .map((it) => `^\\s*${it}`)
    .join('|'),
  'i',
)
const BUILDERS = /\.(selectFrom|insertInto|updateTable|deleteFrom|mergeInto)$/
const SQL_PLACES = /^(src\/db\/|migrations\/)|-store\.ts$/

/** `allowed` are statements, word for word, that may stand elsewhere: `path: text`. */
export function sqlOutOfPlace(files: readonly SourceFile[], allowed: readonly string[]): Findings {
  return files
    .filter((file) => !SQL_PLACES.test(file.path))
    .flatMap((file) => {
      return [...nodesOf(syntaxOf(file))].flatMap(({ node, around }) => {
        const text = isBuilder(node) ? 'a query is built here' : sqlIn(node, around.at(-1))
        if (text === undefined || allowed.includes(`${file.path}: ${text}`)) return []
        return [`${at(file, node)} ${text.trim().split('\n')[0]}`]
      })
    })
}

function sqlIn(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  const text = literalText(node)
  if (text === undefined) return undefined
  return /^sql(\.|$)/.test(nameOf(parent?.['tag'])) || STATEMENT.test(text) ? text : undefined
}

function isBuilder(node: SyntaxNode): boolean {
  const callee = node['callee']
  if (node.type !== 'CallExpression' || !isNode(callee)) return false
  if (callee.type !== 'MemberExpression') return false
  return BUILDERS.test(`.${nameOf(callee['property'])}`)
}

const CLOCK = 'src/config/clock.ts'
const READINGS = ['Date.now', 'performance.timeOrigin', 'DateTime.now', 'DateTime.local']

/** Where the time of day is read; how long something took, `performance.now`, is no time of day. */
export function clocksOutOfPlace(files: readonly SourceFile[]): Findings {
  return files
    .filter((file) => file.path !== CLOCK)
    .flatMap((file) => {
      return [...nodesOf(syntaxOf(file))].flatMap(({ node }) => {
        return readsClock(node) ? [`${at(file, node)} reads the clock`] : []
      })
    })
}

function readsClock(node: SyntaxNode): boolean {
  if (node.type === 'MemberExpression') return READINGS.includes(nameOf(node))
  if (nameOf(node['callee']) !== 'Date') return false
  if (node.type === 'CallExpression') return true
  return node.type === 'NewExpression' && (node['arguments'] as readonly unknown[]).length === 0
}

const FORMS: Readonly<Record<string, string>> = {
  TSEnumDeclaration: 'an enum',
  TSAnyKeyword: 'any',
  ExportDefaultDeclaration: 'a default export',
  TSModuleDeclaration: 'a namespace',
  Decorator: 'a decorator',
}

export function unusedForms(files: readonly SourceFile[]): Findings {
  return files.flatMap((file) => {
    return [...nodesOf(syntaxOf(file))].flatMap(({ node }) => {
      const form = FORMS[node.type]
      return form === undefined ? [] : [`${at(file, node)} has ${form}`]
    })
  })
}

/** Files that say nothing of their own, and tests that are switched off. */
export function barrels(files: readonly SourceFile[]): Findings {
  return files
    .filter((file) => {
      const body = syntaxOf(file)['body'] as readonly SyntaxNode[]
      const passesOn = (it: SyntaxNode) => it.type.startsWith('Export') && isNode(it['source'])
      return body.length > 0 && body.every(passesOn)
    })
    .map((file) => `${file.path} only passes on`)
}

const SWITCHED_OFF = /^(describe|it|test|suite)(\.\w+)*\.(skip|todo|only|fails)$/

export function switchedOffTests(files: readonly SourceFile[]): Findings {
  return files.flatMap((file) => {
    return [...nodesOf(syntaxOf(file))].flatMap(({ node }) => {
      return SWITCHED_OFF.test(nameOf(node)) ? [`${at(file, node)} is switched off`] : []
    })
  })
}
