/** docker-compose.yml against what the program reads: names, addresses, order of starting. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { projectRoot } from '../../src/config/project-root.js'
import { readSettings, SETTING_NAMES } from '../../src/config/settings.js'

const serviceShape = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).default({}),
  healthcheck: z.looseObject({ test: z.array(z.string()).min(2) }).optional(),
  volumes: z.array(z.string()).default([]),
  restart: z.string(),
  init: z.boolean().optional(),
  shm_size: z.string().optional(),
  stop_grace_period: z.string().optional(),
})
const composeShape = z.strictObject({
  services: z.record(z.string(), serviceShape),
  volumes: z.record(z.string(), z.null()),
})

const text = readFileSync(join(projectRoot(), 'docker-compose.yml'), 'utf8')
const { services, volumes } = composeShape.parse(parse(text, { merge: true }))
const LONG_RUNNING = ['postgres', 'valkey', 'worker', 'scheduler']
const OURS = ['migrate', 'worker', 'scheduler']

/** As compose does it for somebody who has set nothing. */
function withDefaults(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
    ]),
  )
}

test('there are PostgreSQL 18, Valkey 8, migrations, workers and a scheduler', () => {
  expect(Object.keys(services).toSorted()).toEqual([...LONG_RUNNING, 'migrate'].toSorted())
  expect(services['postgres']?.image).toBe('postgres:18')
  expect(services['valkey']?.image).toBe('valkey/valkey:8')
  for (const name of OURS) expect(services[name]).toMatchObject({ build: '.', image: 'redress' })
  expect(services['migrate']?.command).toEqual(['redress', 'migrate'])
  expect(services['worker']?.command).toEqual(['redress', 'worker'])
  expect(services['scheduler']?.command).toEqual(['redress', 'scheduler'])
})

test.each(LONG_RUNNING)('%s says whether it is healthy and is started again', (name) => {
  expect(services[name]?.healthcheck?.test[0]).toMatch(/^CMD(-SHELL)?$/)
  expect(services[name]?.restart).toBe('unless-stopped')
})

test('migrations run once, on a healthy database, and services wait for them', () => {
  expect(services['migrate']?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } })
  expect(services['migrate']?.restart).toBe('no')
  for (const name of ['worker', 'scheduler']) {
    expect(services[name]?.depends_on).toEqual({
      postgres: { condition: 'service_healthy' },
      valkey: { condition: 'service_healthy' },
      migrate: { condition: 'service_completed_successfully' },
    })
  }
})

test('data lie in named volumes', () => {
  const used = Object.values(services)
    .flatMap((it) => it.volumes)
    .map((volume) => volume.split(':')[0] ?? '')
  expect(used.toSorted()).toEqual(Object.keys(volumes).toSorted())
})

test('workers can be scaled: no name and no port is fixed', () => {
  expect(text).not.toMatch(/container_name|ports:/)
})

test('what a scheduler writes lies in a volume that the image lets it write', () => {
  const scheduler = services['scheduler']
  const [folder = ''] = (scheduler?.volumes ?? []).map((it) => it.split(':')[1] ?? '')
  const settings = readSettings(withDefaults(scheduler?.environment ?? {}))
  expect(settings.gateway.spoolFolder.startsWith(`${folder}/`)).toBe(true)
  expect(settings.payoutFolder?.startsWith(`${folder}/`)).toBe(true)
  const dockerfile = readFileSync(join(projectRoot(), 'Dockerfile'), 'utf8')
  expect(dockerfile).toContain(`chown node:node ${folder}\n`)
})

test.each(['worker', 'scheduler'])('a %s is healthy when it says that it is ready', (name) => {
  const { httpPort, httpHost } = readSettings(withDefaults(services[name]?.environment ?? {}))
  expect(httpHost).toBe('0.0.0.0')
  const [kind, ...command] = services[name]?.healthcheck?.test ?? []
  expect([kind, ...command.slice(0, 2)]).toEqual(['CMD', 'node', '-e'])
  expect(command[2]).toContain(`fetch('http://127.0.0.1:${httpPort}/readyz')`)
})

describe.each(OURS)('%s', (name) => {
  const environment = withDefaults(services[name]?.environment ?? {})

  test('is given nothing that the program does not read', () => {
    expect(SETTING_NAMES).toEqual(expect.arrayContaining(Object.keys(environment)))
  })

  test('is given settings that the program accepts', () => {
    const settings = readSettings(environment)
    expect(settings.autoMigrate).toBe(false)
    const database = new URL(settings.databaseUrl ?? '')
    expect([database.hostname, database.port]).toEqual(['postgres', '5432'])
    const own = withDefaults(services['postgres']?.environment ?? {})
    expect([database.username, database.password, database.pathname.slice(1)]).toEqual([
      own['POSTGRES_USER'],
      own['POSTGRES_PASSWORD'],
      own['POSTGRES_DB'],
    ])
    expect(new URL(settings.redisUrl ?? '').hostname).toBe('valkey')
    expect(Buffer.from(settings.dataKey ?? '', 'base64')).toHaveLength(32)
  })
})

test('the image runs a supported Node.js as an ordinary user', () => {
  const dockerfile = readFileSync(join(projectRoot(), 'Dockerfile'), 'utf8')
  expect(dockerfile).toMatch(/^FROM node:22-slim$/m)
  expect(dockerfile).toMatch(/^USER node$/m)
  expect(dockerfile.indexOf('USER node')).toBeLessThan(dockerfile.indexOf('CMD'))
  const ignored = readFileSync(join(projectRoot(), '.dockerignore'), 'utf8').split('\n')
  const unwanted = ['node_modules', 'dist', '.git', '.redress', '.cache']
  expect(ignored).toEqual(expect.arrayContaining(unwanted))
})
