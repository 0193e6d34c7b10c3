/** What can be seen without understanding a file: its name, its head, words and addresses in it. */
import type { Findings, SourceFile } from './source-files.js'

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.(ts|mjs)$/
const VAGUE_FOLDERS = /(^|\/)(utils?|commons?|helpers?|misc|shared|lib)(\/|\.)/

export function badNames(files: readonly SourceFile[]): Findings {
  return files.flatMap(({ path }) => {
    const name = path.split('/').at(-1) ?? ''
    if (!KEBAB.test(name)) return [`${path} is not kebab-case`]
    if (name === 'index.ts') return [`${path} is a barrel by its name`]
    return VAGUE_FOLDERS.test(path) ? [`${path} says nothing by its name`] : []
  })
}

export function withoutHead(files: readonly SourceFile[]): Findings {
  return files
    .filter(({ text }) => !/^(#!.*\n)?(\/\*\*|\/\/|--|#) ?\S?/.test(text))
    .map(({ path }) => `${path} does not begin by saying what it is for`)
}

const UNFINISHED = new RegExp(
  '\\b(TODO|FIXME|XXX|HACK|WIP|stub(s|bed)?|not (yet )?implemented|unimplemented|dummy)\\b',
  'i',
)
const REGISTRIES =
  /\bregistry\.[\w-]+\.[a-z]|npmjs\.|yarnpkg\.|artifactory|jfrog|verdaccio|npmmirror/i
const MACHINE_PATHS = /(^|['"`\s=(:])\/(work|Users|root|tmp|mnt|opt|home|srv|data)\/[\w.-]/

export function unfinished(files: readonly SourceFile[]): Findings {
  return linesWith(files, UNFINISHED, 'is unfinished')
}

export function registryNames(files: readonly SourceFile[]): Findings {
  return linesWith(files, REGISTRIES, 'names a registry')
}

export function machinePaths(files: readonly SourceFile[]): Findings {
  return linesWith(files, MACHINE_PATHS, 'names a place on one machine')
}

function linesWith(files: readonly SourceFile[], pattern: RegExp, what: string): Findings {
  return files.flatMap(({ path, text }) => {
    return text.split('\n').flatMap((line, index) => {
      return pattern.test(line) ? [`${path}:${index + 1} ${what}`] : []
    })
  })
}

const MIGRATION = /^migrations\/(\d{4})_[a-z0-9]+(_[a-z0-9]+)*\.sql$/
const SHOUTED = /\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|TABLE|WHERE|FROM|NOT|NULL)\b/
// Forward only, each run exactly once: what may or may not be there already is never the question.
const TENTATIVE = /\b[a-z]+ if (not )?exists [a-z_.]+|\bor replace\b/i

export function badMigrations(files: readonly SourceFile[]): Findings {
  return files.flatMap(({ path, text }, index) => {
    const number = MIGRATION.exec(path)?.[1]
    const statements = text.replace(/--.*/g, '').replace(/'[^']*'/g, '')
    const problems = [
      Number(number) === index + 1 ? '' : `is not numbered ${String(index + 1).padStart(4, '0')}`,
      SHOUTED.test(statements) ? 'has keywords in capitals' : '',
      TENTATIVE.test(statements) ? 'asks what is there already' : '',
      /\bdrop (table|column)\b/i.test(statements) ? 'drops what rows may be in' : '',
      text.endsWith(';\n') ? '' : 'does not end with a statement and a line break',
    ]
    return problems.filter((it) => it !== '').map((it) => `${path} ${it}`)
  })
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly resolved?: string }>>
}

/** Each would tie the checkout to the registry that one machine happened to use. */
export function lockedAddresses(text: string): Findings {
  const { packages } = JSON.parse(text) as LockFile
  return Object.entries(packages).flatMap(([name, it]) => (it.resolved === undefined ? [] : [name]))
}

/** The first column of the table under the README's heading on dependencies. */
export function dependencyTable(readme: string): readonly string[] {
  const [, after = ''] = /^#+ .*dependenc.*\n([\s\S]*)/im.exec(readme) ?? []
  const [section = ''] = after.split(/^#+ /m)
  return [...section.matchAll(/^\|\s*([^|]*?)\s*\|/gm)].flatMap(([, cell = '']) => {
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  })
}
